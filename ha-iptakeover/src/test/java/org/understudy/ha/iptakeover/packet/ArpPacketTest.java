package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.MalformedMessageException;

class ArpPacketTest {
    private static final MacAddress MAC = new MacAddress(0x020000000002L);
    private static final Ipv4Address VIP = new Ipv4Address(0xc0000232);

    @Test
    void a_gratuitous_request_has_no_target_hardware_address() {
        assertThat(hex(ArpPacket.gratuitousRequest(MAC, VIP)
                        .frameTo(MacAddress.BROADCAST)
                        .encode()))
                .isEqualTo("ffffffffffff" + "020000000002" + "0806" + "0001" + "0800" + "06" + "04" + "0001"
                        + "020000000002" + "c0000232" + "000000000000" + "c0000232");
    }

    @Test
    void a_gratuitous_reply_names_its_sender_as_target() {
        assertThat(hex(ArpPacket.gratuitousReply(MAC, VIP).encode()))
                .isEqualTo("0001080006040002" + "020000000002" + "c0000232" + "020000000002" + "c0000232");
    }

    @Test
    void a_probe_has_no_sender_address() {
        assertThat(hex(ArpPacket.probe(MAC, VIP).encode()))
                .isEqualTo("0001080006040001" + "020000000002" + "00000000" + "000000000000" + "c0000232");
        assertThat(ArpPacket.probe(MAC, VIP).claims(VIP)).isFalse();
    }

    @Test
    void a_directed_question_teaches_its_sender() {
        assertThat(hex(ArpPacket.whoHas(MAC, VIP, new Ipv4Address(0xc0000201)).encode()))
                .isEqualTo("0001080006040001" + "020000000002" + "c0000232" + "000000000000" + "c0000201");
    }

    @Test
    void padding_behind_the_packet_is_ignored() {
        byte[] padded = Arrays.copyOf(
                ArpPacket.gratuitousReply(MAC, VIP)
                        .frameTo(MacAddress.BROADCAST)
                        .encode(),
                60);
        EthernetFrame frame = EthernetFrame.decode(padded, padded.length);
        assertThat(frame.type()).isEqualTo(EthernetFrame.TYPE_ARP);
        assertThat(ArpPacket.decode(frame.payload())).isEqualTo(ArpPacket.gratuitousReply(MAC, VIP));
    }

    @Test
    void other_hardware_is_refused() {
        byte[] infiniband = ArpPacket.probe(MAC, VIP).encode();
        infiniband[1] = 32;
        assertThatThrownBy(() -> ArpPacket.decode(infiniband)).isInstanceOf(MalformedMessageException.class);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
