title: the controller dies right after an accept that asked for its next ballot
attacks: a promise given with an acceptance is as durable as the acceptance, and whoever gave it begins above it
red: next-promise-not-written ACKNOWLEDGED_IS_DURABLE
schedule: controller-dies-after-an-accept

then nobody objects
