title: an acceptor acknowledges a renewal, restarts and is asked to end that session
attacks: after a restart silence counts from the acceptor's own start
red: restart-counts-as-silence SILENCE_WAITED_OUT
schedule: restarted-acceptor

then nobody objects
