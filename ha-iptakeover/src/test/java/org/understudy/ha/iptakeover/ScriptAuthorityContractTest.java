package org.understudy.ha.iptakeover;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.iptakeover.spi.AddressAuthority;
import org.understudy.ha.iptakeover.spi.AddressAuthorityContract;

/** A script that keeps its word: one file under a lock stands for what it would talk to. */
class ScriptAuthorityContractTest extends AddressAuthorityContract {
    private static final String SCRIPT = """
            #!/bin/sh
            # The file holds the highest token and the node that has the address.
            file="$(dirname "$0")/$2"
            exec 9>>"$file.lock" && flock 9 || exit 2
            highest=0 node=
            [ ! -e "$file" ] || read -r highest node <"$file" || [ -n "$highest" ] || exit 2
            case "$1" in
            owner)
                echo "$node"
                [ "$node" = "$UNDERSTUDY_NODE" ] ;;
            assign)
                [ "$UNDERSTUDY_TOKEN" -ge "$highest" ] || exit 3
                echo "$UNDERSTUDY_TOKEN $UNDERSTUDY_NODE" >"$file" || exit 2 ;;
            release)
                [ "$UNDERSTUDY_TOKEN" -ge "$highest" ] || exit 3
                [ "$node" != "$UNDERSTUDY_NODE" ] || echo "$UNDERSTUDY_TOKEN " >"$file" || exit 2 ;;
            *)
                exit 2 ;;
            esac
            """;

    @TempDir
    Path directory;

    @Override
    protected AddressAuthority authority() throws IOException {
        return ScriptAuthority.comparingTokens(ScriptAuthorityTest.script(directory, SCRIPT));
    }
}
