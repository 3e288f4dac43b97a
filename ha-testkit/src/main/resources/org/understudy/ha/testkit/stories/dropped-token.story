title: a token stands in a value that is dropped
attacks: tokens are never issued twice, not even from a dropped value
red: token-floor-ignored TOKENS_GROW
schedule: dropped-token

then nobody objects
