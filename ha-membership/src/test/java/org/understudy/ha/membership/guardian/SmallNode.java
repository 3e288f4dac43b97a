package org.understudy.ha.membership.guardian;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.api.spi.HostPort;

/**
 * A process that does nothing but have a guardian. Arguments: lock file, port for wills. Takes commands on standard input
 * and answers each with one line that begins with "&gt; ".
 */
final class SmallNode {
    private SmallNode() {}

    public static void main(String[] arguments) throws Exception {
        InetAddress loopback = InetAddress.getByName("127.0.0.1");
        Guardian guardian;
        try {
            guardian = Guardian.start(
                    new GuardianSettings(
                            "test",
                            NodeId.of("small"),
                            List.of(new InetSocketAddress(loopback, Integer.parseInt(arguments[1]))),
                            List.of(loopback),
                            Path.of(arguments[0]),
                            Thread::new),
                    ServiceLoader.load(HostPort.class).findFirst());
        } catch (HaException e) {
            System.out.println("> refused " + e.getMessage());
            return;
        }
        guardian.onLost(() -> System.out.println("> lost"));
        System.out.println(
                "> guardian " + guardian.pid() + " " + Base64.getEncoder().encodeToString(guardian.publicKey()));
        Enforcer killer = guardian.killer();
        Semaphore armed = new Semaphore(0);
        Enforcer.Listener listener = new Enforcer.Listener() {
            @Override
            public void armed(long number, long latenessNanos) {
                armed.release();
            }

            @Override
            public void ending(String why) {}

            @Override
            public void lost(String why) {
                System.out.println("> killer lost");
            }
        };
        long number = 0;
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", 2);
            switch (words[0]) {
                case "live" -> {
                    String[] numbers = words[1].split(" ");
                    guardian.live(Long.parseLong(numbers[0]), Integer.parseInt(numbers[1]), Runnable::run);
                }
                case "claim" -> guardian.claim(words[1]);
                case "arm" -> {
                    // The host port of these tests reads this clock.
                    long[] numbers = Stream.of(words[1].split(" "))
                            .mapToLong(Long::parseLong)
                            .toArray();
                    if (number == 0) {
                        killer.start(listener);
                    }
                    long now = System.nanoTime();
                    killer.arm(new Enforcer.Order(++number, numbers[0], now, now + numbers[1] * 1_000_000));
                    armed.acquire();
                }
                case "disarm" -> killer.disarm(Long.parseLong(words[1]));
                case "obstacles" -> System.out.println("> " + killer.obstacles(new Enforcer.Terms(1, 1, 1)));
                case "close" -> guardian.close();
                default -> throw new IllegalArgumentException(line);
            }
            System.out.println("> done " + guardian.isAlive());
        }
        Thread.currentThread().join();
    }
}
