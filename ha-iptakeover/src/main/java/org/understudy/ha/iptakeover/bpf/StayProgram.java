package org.understudy.ha.iptakeover.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.understudy.ha.iptakeover.bpf.Assembler.Register;
import org.understudy.ha.iptakeover.bpf.Assembler.Size;
import org.understudy.ha.iptakeover.bpf.Assembler.When;

/**
 * Says whether one stay is mute, of whatever packet it is asked: 1 if the boot clock has reached the deadline that the map {@code until} has for
 * the stay, see {@link GuardMaps}, or if it has none; 0 while the stay may speak. A program of type {@code BPF_PROG_TYPE_SOCKET_FILTER}, as the match
 * {@code bpf} of netfilter runs it (Linux 4.16).
 */
public final class StayProgram {
    /** The stay may not speak. */
    public static final int MUTE = 1;
    /** It may. */
    public static final int SPEAKS = 0;

    /** Its name in the kernel. */
    static final String NAME = "understudy_stay";

    private static final String UNTIL = "until";
    private static final int STAY = -8;

    private final byte[] instructions;
    private final List<Integer> untilAt;

    private StayProgram(Assembler out) {
        instructions = out.encode();
        untilAt = out.mapsAt(UNTIL);
    }

    /** @param stay as {@link GuardMaps#stay} gives it */
    public static StayProgram of(long stay) {
        ByteBuffer key = ByteBuffer.wrap(GuardMaps.key(stay)).order(ByteOrder.nativeOrder());
        Assembler out = new Assembler();
        out.store(Size.FOUR, Register.R10, STAY, key.getInt(0))
                .store(Size.FOUR, Register.R10, STAY + 4, key.getInt(4))
                .loadMap(Register.R1, UNTIL)
                .move(Register.R2, Register.R10)
                .plus(Register.R2, STAY)
                .call(GuardProgram.MAP_LOOKUP)
                .jump(When.EQUAL, Register.R0, 0, "mute")
                // Used anew while it is read, the second word does not fit.
                .load(Size.EIGHT, Register.R8, Register.R0, 0)
                .load(Size.EIGHT, Register.R2, Register.R0, 8)
                .load(Size.EIGHT, Register.R1, Register.R10, STAY)
                .xor(Register.R1, Register.R8)
                .jump(When.NOT_EQUAL, Register.R1, Register.R2, "mute")
                .call(GuardProgram.BOOT_NANOS)
                .jump(When.NOT_LESS, Register.R0, Register.R8, "mute")
                .move(Register.R0, SPEAKS)
                .exit();
        out.mark("mute").move(Register.R0, MUTE).exit();
        return new StayProgram(out);
    }

    /** {@code struct bpf_insn}, one after the other, with 0 for the descriptor of the map. */
    public byte[] instructions() {
        return instructions.clone();
    }

    /** Where in them the descriptor of {@code until} goes. */
    public List<Integer> untilAt() {
        return untilAt;
    }
}
