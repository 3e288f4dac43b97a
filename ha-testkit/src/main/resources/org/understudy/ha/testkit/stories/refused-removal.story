title: one acceptor took a removal that the others refuse
attacks: a value that cannot have been chosen is dropped, or it would be carried for ever
red: base-is-the-highest-shown RECOVERY
schedule: refused-removal

then nobody objects
