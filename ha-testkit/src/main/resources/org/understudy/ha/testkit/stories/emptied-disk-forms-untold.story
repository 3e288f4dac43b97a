title: somebody forms and asks a node whose disk was emptied
attacks: only a node that was told to form takes part in forming
red: forms-untold ONE_CHAIN
schedule: forms-untold

then nobody objects
