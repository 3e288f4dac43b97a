package org.understudy.ha.membership.agents.core;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.api.spi.Severity;

/**
 * The state of a unit as {@code systemctl show} tells it. Source: systemctl(1), org.freedesktop.systemd1(5).
 *
 * @param load {@code loaded}, {@code not-found}, {@code bad-setting}, {@code error}, {@code masked}
 * @param active {@code active}, {@code reloading}, {@code inactive}, {@code failed}, {@code activating}, {@code deactivating} and newer ones
 * @param sub finer, by kind of unit
 * @param result why it failed
 * @param file {@code enabled}, {@code disabled}, {@code static} and others
 * @param hasProcesses whether it still has any: a main or a control process, or tasks in its control group
 */
public record UnitState(String load, String active, String sub, String result, String file, boolean hasProcesses) {
    /** What is asked for. */
    public static final String PROPERTIES =
            "LoadState,ActiveState,SubState,Result,UnitFileState,MainPID,ControlPID,TasksCurrent";

    /** Empty if that is no answer: a unit always has a load state and an active state. */
    public static Optional<UnitState> parse(String text) {
        Map<String, String> values = new TreeMap<>();
        for (String line : text.split("\n")) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                values.put(line.substring(0, equals), line.substring(equals + 1).strip());
            }
        }
        String load = values.getOrDefault("LoadState", "");
        String active = values.getOrDefault("ActiveState", "");
        if (load.isEmpty() || active.isEmpty()) {
            return Optional.empty();
        }
        boolean hasProcesses = isCount(values.get("MainPID"))
                || isCount(values.get("ControlPID"))
                || isCount(values.get("TasksCurrent"));
        return Optional.of(new UnitState(
                load,
                active,
                values.getOrDefault("SubState", ""),
                values.getOrDefault("Result", ""),
                values.getOrDefault("UnitFileState", ""),
                hasProcesses));
    }

    /** A number above zero; unknown ones are written in words, or as the largest there is. */
    private static boolean isCount(String value) {
        return value != null && value.matches("0*[1-9][0-9]{0,17}");
    }

    /** Whether systemd refuses to start it until it is reset or repaired. */
    public boolean isFailed() {
        return active.equals("failed");
    }

    /** Whether systemd starts it by itself when the host boots. */
    public boolean isEnabled() {
        return file.startsWith("enabled");
    }

    /** Why it cannot be started on this host, with the remedy; empty if it may be tried. */
    public Optional<String> obstacle(String unit) {
        return switch (load) {
            case "loaded" -> Optional.empty();
            case "masked" -> Optional.of("the unit " + unit + " is masked: systemctl unmask " + unit);
            case "not-found" ->
                Optional.of("there is no unit " + unit
                        + ": install it, or correct its name; after a change of unit files say systemctl"
                        + " daemon-reload");
            default ->
                Optional.of("the unit " + unit + " cannot be loaded (" + load + "): systemd-analyze verify " + unit);
        };
    }

    /** What it means. */
    public Finding finding() {
        return switch (active) {
            case "active", "reloading", "refreshing" -> Finding.running();
            case "activating", "deactivating", "maintenance" -> Finding.changing(toString());
            case "inactive" ->
                hasProcesses
                        ? Finding.failed(Severity.SOFT, toString() + ", and it has left processes")
                        : Finding.stopped(toString());
            case "failed" -> Finding.failed(Severity.SOFT, toString());
            default -> Finding.unknown(Severity.SOFT, toString());
        };
    }

    /** Whether nothing of it can run: it may have failed, but without a process. */
    public boolean isEnded() {
        return (active.equals("inactive") || isFailed()) && !hasProcesses;
    }

    @Override
    public String toString() {
        return "it is " + active + (sub.isEmpty() || sub.equals(active) ? "" : " (" + sub + ")")
                + (result.isEmpty() || result.equals("success") ? "" : ", result " + result)
                + (load.equals("loaded") ? "" : ", " + load);
    }
}
