package org.understudy.ha.iptakeover.linux;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.Enforcer;

/** A process with a kill timer: "arm INCARNATION DEADLINE" and "disarm INCARNATION", each answered with one line. */
final class TimedProcess {
    private TimedProcess() {}

    public static void main(String[] arguments) throws Exception {
        try (Enforcer timer = new LinuxHostPort().killTimer().orElseThrow()) {
            timer.start(new Enforcer.Listener() {
                @Override
                public void armed(long number, long latenessNanos) {
                    System.out.print("armed ");
                }

                @Override
                public void ending(String why) {}

                @Override
                public void lost(String why) {
                    System.out.print("lost ");
                }
            });
            System.out.println("ready");
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] words = line.split(" ");
                long incarnation = Long.parseLong(words[1]);
                if (words[0].equals("arm")) {
                    timer.arm(new Enforcer.Order(1, incarnation, 0, Long.parseLong(words[2])));
                } else {
                    timer.disarm(incarnation);
                }
                System.out.println("done");
            }
        } catch (PlatformException e) {
            System.out.println(e.getMessage());
        }
    }
}
