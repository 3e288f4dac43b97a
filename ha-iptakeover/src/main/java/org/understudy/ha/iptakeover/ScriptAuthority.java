package org.understudy.ha.iptakeover;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.internal.process.ProgramCall;
import org.understudy.ha.internal.process.ProgramEnd;
import org.understudy.ha.internal.process.ProgramFile;
import org.understudy.ha.internal.process.ProgramRun;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.AddressAuthority;

/**
 * An authority behind a program of yours, which calls the API of a cloud.
 *
 * <pre>
 * SCRIPT assign ADDRESS     give the address to this host
 * SCRIPT release ADDRESS    take it off this host
 * SCRIPT owner ADDRESS      say whether this host has it
 * </pre>
 *
 * <p>The program is run without a shell, with nothing on its standard input, in the directory of this process and with its environment, and in
 * addition:
 * <pre>
 * UNDERSTUDY_ADDRESS       the address
 * UNDERSTUDY_NODE          the name of this node
 * UNDERSTUDY_TOKEN         the fencing token, a positive decimal number
 * UNDERSTUDY_BUDGET_MILLIS how long it may take
 * UNDERSTUDY_HINT_NAME     each hint
 * UNDERSTUDY_CALL          marks everything that belongs to this call
 * </pre>
 *
 * <p>Its exit status is the answer:
 * <table>
 * <caption>Exit statuses</caption>
 * <tr><th>status</th><th>assign</th><th>release</th><th>owner</th></tr>
 * <tr><td>0</td><td>YES: assigned</td><td>YES: this host does not have it</td><td>YES: this host has it</td></tr>
 * <tr><td>1</td><td>NO: refused, and it will not come into effect later</td><td>NO: this host still has it</td><td>NO: somebody else
 * has it, or nobody</td></tr>
 * <tr><td>3</td><td>NO: a higher token was here</td><td>YES: a higher token was here, so it is not this host's any more</td><td>UNKNOWN</td></tr>
 * <tr><td>any other, a signal</td><td>UNKNOWN</td><td>UNKNOWN</td><td>UNKNOWN</td></tr>
 * </table>
 * In doubt end with 2: a request that timed out may still come into effect.
 *
 * <p>What it writes, on either output, goes into messages, its beginning and its end, 2000 bytes at the most; the rest is read and
 * dropped. <b>When the budget is over, the caller is
 * interrupted, or the program has ended</b>, everything that it started and that still runs is killed: its descendants, and on Linux also whatever has
 * UNDERSTUDY_CALL in its environment. If something was left behind the answer is UNKNOWN, because it may have been about to act. What runs as
 * another user (sudo) may not be seen or killed.
 *
 * <p><b>Threads.</b> Safe for several callers at once; the program then runs several times at once.
 *
 * @since 0.1.0
 */
public final class ScriptAuthority implements AddressAuthority {
    private static final int STALE = 3;

    private final Path script;
    private final Fencing fencing;

    private ScriptAuthority(Path script, Fencing fencing) {
        this.script = script;
        this.fencing = fencing;
    }

    /**
     * A program that carries out whatever comes last.
     *
     * @param script absolute; a program, or a text that begins with {@code #!}. It need not exist yet, see {@link #obstacle()}
     * @throws ConfigurationException if the path is relative
     */
    public static ScriptAuthority of(Path script) {
        return of(script, Fencing.NONE);
    }

    /**
     * A program that ends with 3 for a token lower than one it has seen for that address. The promise is yours: it must be kept by what the
     * program talks to, not by the program, as it runs on every node, and comparing and assigning must be one step there. See {@link Fencing#BY_TOKEN}.
     *
     * @throws ConfigurationException if the path is relative
     */
    public static ScriptAuthority comparingTokens(Path script) {
        return of(script, Fencing.BY_TOKEN);
    }

    private static ScriptAuthority of(Path script, Fencing fencing) {
        if (!script.isAbsolute()) {
            throw new ConfigurationException(
                    "script", script, "give an absolute path: the directory may differ when it is run");
        }
        return new ScriptAuthority(script, fencing);
    }

    @Override
    public String name() {
        return script.toString();
    }

    @Override
    public Fencing fencing() {
        return fencing;
    }

    /** {@inheritDoc} The file is looked at, not run. */
    @Override
    public String obstacle() {
        return ProgramFile.obstacle(script);
    }

    @Override
    public Answer assign(Claim claim, Duration budget) throws InterruptedException {
        String why = obstacle();
        if (!why.isEmpty()) {
            return Answer.no(why);
        }
        ProgramEnd run = run("assign", claim, budget);
        if (run.status() == ProgramEnd.NOT_STARTED) {
            return Answer.no(run.told());
        }
        return run.isCertain() && run.status() == STALE
                ? Answer.no("a higher token than " + claim.token() + " was there" + run.said())
                : yesOrNo(run);
    }

    @Override
    public Answer release(Claim claim, Duration budget) throws InterruptedException {
        String why = obstacle();
        if (!why.isEmpty()) {
            return Answer.unknown(why);
        }
        ProgramEnd run = run("release", claim, budget);
        return run.isCertain() && run.status() == STALE
                ? Answer.yes("a higher token than " + claim.token() + " was there" + run.said())
                : yesOrNo(run);
    }

    @Override
    public Answer owner(Claim claim, Duration budget) throws InterruptedException {
        String why = obstacle();
        return why.isEmpty() ? yesOrNo(run("owner", claim, budget)) : Answer.unknown(why);
    }

    private static Answer yesOrNo(ProgramEnd run) {
        if (run.isCertain() && run.status() == 0) {
            return Answer.yes(run.output());
        }
        if (run.isCertain() && run.status() == 1) {
            return Answer.no(run.output());
        }
        return Answer.unknown(run.told());
    }

    private ProgramEnd run(String verb, Claim claim, Duration budget) throws InterruptedException {
        IpAddress address = claim.address();
        Map<String, String> environment = new TreeMap<>();
        environment.put("UNDERSTUDY_ADDRESS", address.toString());
        environment.put("UNDERSTUDY_NODE", claim.node().toString());
        environment.put("UNDERSTUDY_TOKEN", claim.token().toString());
        environment.put("UNDERSTUDY_BUDGET_MILLIS", Long.toString(budget.toMillis()));
        claim.hints().forEach((name, value) -> environment.put("UNDERSTUDY_HINT_" + name, value));
        return ProgramRun.of(
                ProgramCall.beside(
                        List.of(script.toString(), verb, address.toString()), script + " " + verb, environment),
                budget);
    }

    @Override
    public String toString() {
        return "script " + script;
    }
}
