title: a refresher of a kernel timeout stalls before each call for as long as the kernel accepts it
attacks: twice the timeout, the age of a confirmation and the lateness fit into the lease
red: gate-without-bound ONE_OWNER
red: stalled-refresher ONE_OWNER
schedule: stalled-refresher

then nobody objects
