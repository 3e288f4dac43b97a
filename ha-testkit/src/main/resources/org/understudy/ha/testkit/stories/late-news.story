title: the news of an old grant comes after that of a newer one
attacks: a node acts only above every record it has learned or released under
red: late-news-believed ONE_OWNER
schedule: late-news

then nobody objects
