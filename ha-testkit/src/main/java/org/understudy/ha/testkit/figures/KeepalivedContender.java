package org.understudy.ha.testkit.figures;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.testkit.netns.Host;
import org.understudy.ha.testkit.netns.HostProcess;
import org.understudy.ha.testkit.netns.Jvm;

/**
 * keepalived on both hosts. Its advertisement interval is chosen so that it takes over from a silent owner after one second, as our
 * lease does; neither host is preferred. The IPv6 address follows the IPv4 one, as its manual recommends for both in one instance. Its
 * service listens on the wildcard all the time, so that only the addresses have to move.
 */
final class KeepalivedContender implements Contender {
    /** Three intervals and a skew of 156/256 of one: 0.98 s. */
    private static final String INTERVAL = "0.27";

    private final List<Host> hosts;
    private final Path scratch;
    private final Map<String, HostProcess> daemons = new LinkedHashMap<>();
    private final Map<String, HostProcess> services = new LinkedHashMap<>();
    private int life;

    KeepalivedContender(List<Host> hosts, Path scratch) {
        this.hosts = List.copyOf(hosts);
        this.scratch = scratch;
    }

    static boolean isInstalled() {
        return List.of("/usr/sbin/keepalived", "/usr/bin/keepalived", "/usr/local/sbin/keepalived").stream()
                .anyMatch(path -> Files.isExecutable(Path.of(path)));
    }

    @Override
    public String name() {
        return "keepalived";
    }

    @Override
    public void start() {
        for (Host host : hosts) {
            if (host.isOn() && !isAlive(services, host)) {
                List<String> flags = List.of(Jvm.BOTH_VERSIONS);
                services.put(
                        host.name(),
                        host.start(silent(Jvm.command(32, flags, TakeoverService.class, List.of(host.name())))));
            }
            if (host.isOn() && !isAlive(daemons, host)) {
                daemons.put(host.name(), daemon(host));
            }
        }
    }

    /** After a fault the IPv6 address was seen to stay on the one host while the other had the IPv4 one. */
    @Override
    public boolean mayNeedANewStart() {
        return true;
    }

    private static boolean isAlive(Map<String, HostProcess> programs, Host host) {
        HostProcess program = programs.get(host.name());
        return program != null && program.isAlive();
    }

    private HostProcess daemon(Host host) {
        String name = host.name() + "-" + ++life;
        Path conf = scratch.resolve(name + ".conf");
        try {
            Files.writeString(conf, """
                    global_defs {
                      vrrp_version 3
                      vrrp_garp_master_delay 1
                    }
                    vrrp_instance ours {
                      state BACKUP
                      nopreempt
                      interface lan0
                      virtual_router_id 51
                      priority 100
                      advert_int %s
                      virtual_ipaddress {
                        %s/32 dev lan0
                      }
                      virtual_ipaddress_excluded {
                        %s/128 dev lan0
                      }
                    }
                    """.formatted(INTERVAL, TakeoverNode.FOUR, TakeoverNode.SIX));
        } catch (IOException e) {
            throw new PlatformException("write", 0, "cannot write " + conf + ": " + e.getMessage(), e);
        }
        return host.start(silent(List.of(
                "keepalived",
                "--dont-fork",
                "--vrrp",
                "--use-file=" + conf,
                "--pid=" + scratch.resolve(name + ".pid"),
                "--vrrp_pid=" + scratch.resolve(name + "-vrrp.pid"))));
    }

    private ProcessBuilder silent(List<String> command) {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
    }

    private Path log() {
        return scratch.resolve("keepalived.log");
    }

    @Override
    public Optional<String> unready() {
        return hosts.stream()
                .filter(host -> !isAlive(daemons, host) || !isAlive(services, host))
                .map(host -> "a program of " + host.name() + " does not run")
                .findFirst();
    }

    @Override
    public void breakIt(TakeoverFault fault, Host owner, Host next) {
        switch (fault) {
            case KILL -> signal("KILL", owner);
            case PAUSE -> signal("STOP", owner);
            case MOVE -> daemons.get(owner.name()).process().destroy();
            case UNPLUG -> owner.unplugLan();
            case POWEROFF -> owner.powerOff();
        }
    }

    @Override
    public void mend(TakeoverFault fault, Host owner) {
        if (fault == TakeoverFault.PAUSE) {
            signal("CONT", owner);
        } else {
            if (fault == TakeoverFault.KILL || fault == TakeoverFault.MOVE) {
                daemons.get(owner.name()).process().onExit().join();
            }
            start();
        }
    }

    /** To the daemon and its child, which speaks VRRP, with one command. */
    private void signal(String name, Host host) {
        Process daemon = daemons.get(host.name()).process();
        List<String> command = new ArrayList<>(List.of("kill", "-" + name));
        daemon.descendants().forEach(child -> command.add(String.valueOf(child.pid())));
        command.add(String.valueOf(daemon.pid()));
        host.run(command.toArray(String[]::new));
    }

    @Override
    public List<Mark> marks(long sinceNanos) {
        return List.of();
    }

    @Override
    public String troubles() {
        try {
            List<String> lines = Files.exists(log()) ? Files.readAllLines(log()) : List.of();
            return String.join("\n    ", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
        } catch (IOException e) {
            return "(its log cannot be read: " + e.getMessage() + ")";
        }
    }

    @Override
    public void close() {
        daemons.values().forEach(d -> d.process().destroy());
        services.values().forEach(HostProcess::kill);
    }
}
