title: a proposer dies before its own promise is on its disk
attacks: a record is proposed only when the proposer's own promise is durable
red: own-promise-not-awaited ONE_RECORD_PER_BALLOT
schedule: ballot-before-disk

then nobody objects
