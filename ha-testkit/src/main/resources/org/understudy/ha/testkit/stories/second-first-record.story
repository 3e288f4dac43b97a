title: two nodes with empty disks answer each other, the third cannot be reached
attacks: the first record needs an empty disk of every configured peer
red: formed-by-a-majority ONE_CHAIN
schedule: re-imaged-majority

then nobody objects
