package org.understudy.ha.iptakeover.linux;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.understudy.ha.api.spi.HostPort.LifeMark;

/** A process that holds a life mark; "release" on its standard input lets go of it. */
final class MarkedProcess {
    private MarkedProcess() {}

    public static void main(String[] arguments) throws Exception {
        LifeMark mark = new LinuxHostPort().newLifeMark(Path.of(arguments[0])).orElseThrow();
        mark.hold();
        System.out.println("held");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        if ("release".equals(in.readLine())) {
            mark.release();
            System.out.println("released");
        }
        Thread.currentThread().join();
    }
}
