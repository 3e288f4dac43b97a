title: five acceptors show three values, and the one in the middle may have been chosen
attacks: an acceptor that shows a higher ballot may have accepted a lower one before
red: base-counts-equal-only ONE_CHAIN
schedule: two-droppable-values

then nobody objects
