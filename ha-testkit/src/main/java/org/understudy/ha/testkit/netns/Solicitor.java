package org.understudy.ha.testkit.netns;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.LinuxSegmentEar;
import org.understudy.ha.iptakeover.packet.Announcement;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.Sighting.Form;

/**
 * Asks each host for each address, every millisecond, by ARP (RFC 826) or neighbour solicitation (RFC 4861, 7.2) in a frame to that
 * host's hardware address, and listens. An answer belongs to the newest question to the same host about the same address.
 */
final class Solicitor implements AutoCloseable {
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    /** A question this old stays without an answer. */
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final int RECORDED_MAX = 1_000_000;

    private final LinuxSegmentEar ear;
    private final List<Question> questions = new ArrayList<>();
    private final Map<IpAddress, String> names = new LinkedHashMap<>();
    private final Map<MacAddress, String> hosts;
    private final Thread asker = new Thread(this::run, "ha-testkit-solicitor");

    private final List<Sighting> sightings = new ArrayList<>();
    private final List<Bystander.Announced> announcements = new ArrayList<>();
    private boolean isRecording;
    private long begunNanos;

    /** What is asked of one host, again and again; instants of questions that may still be answered, oldest first. */
    private record Question(String address, String host, EthernetFrame frame, Deque<Long> open) {}

    Solicitor(
            String card,
            Ipv4Address own,
            Ipv6Address own6,
            Map<String, IpAddress> addresses,
            Map<MacAddress, String> hosts) {
        this.hosts = Map.copyOf(hosts);
        int index;
        MacAddress mac;
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            var link = links.byName(card)
                    .orElseThrow(() -> new ConfigurationException("card", card, "is not there: a client has lan0"));
            index = link.index();
            mac = link.mac().orElseThrow();
        }
        // The frames are not marked: nobody here owns an address.
        Announcement words = new Announcement(mac, false, Optional.empty(), new FencingToken(1));
        addresses.forEach((name, ip) -> {
            names.put(ip, name);
            hosts.forEach((to, host) -> questions.add(
                    new Question(name, host, words.question(ip.isV6() ? own6 : own, ip, to), new ArrayDeque<>())));
        });
        ear = new LinuxSegmentEar(
                index, List.copyOf(addresses.values()), this::sighted, Thread::new, "ha-testkit-solicitor-ear");
    }

    void start() {
        asker.setDaemon(true);
        asker.start();
    }

    synchronized long begin() {
        sightings.clear();
        announcements.clear();
        questions.forEach(q -> q.open().clear());
        isRecording = true;
        begunNanos = System.nanoTime();
        return begunNanos;
    }

    synchronized Bystander.Record end() {
        isRecording = false;
        return new Bystander.Record(begunNanos, System.nanoTime(), sightings, announcements);
    }

    private void run() {
        long next = System.nanoTime();
        while (!Thread.currentThread().isInterrupted()) {
            for (Question question : due()) {
                ear.send(question.frame());
            }
            long now = System.nanoTime();
            next = Math.max(next + PERIOD_NANOS, now);
            LockSupport.parkNanos(next - now);
        }
    }

    /** Whom to ask now; what was asked too long ago is settled. */
    private synchronized List<Question> due() {
        if (!isRecording) {
            return List.of();
        }
        long now = System.nanoTime();
        for (Question question : questions) {
            while (!question.open().isEmpty() && now - question.open().getFirst() > PATIENCE_NANOS) {
                record(question, question.open().removeFirst(), 0);
            }
            question.open().addLast(now);
        }
        return questions;
    }

    private synchronized void sighted(long nanos, org.understudy.ha.iptakeover.packet.Sighting heard) {
        String address = names.get(heard.sender());
        if (!isRecording || address == null) {
            return;
        }
        String host = hosts.getOrDefault(heard.senderMac(), heard.senderMac().toString());
        if (heard.form() == Form.ANNOUNCEMENT && announcements.size() < RECORDED_MAX) {
            announcements.add(new Bystander.Announced(address, host, nanos));
        } else if (heard.form() == Form.ANSWER) {
            for (Question question : questions) {
                if (question.address().equals(address)
                        && question.host().equals(host)
                        && !question.open().isEmpty()) {
                    record(question, question.open().removeLast(), nanos);
                    // What was asked before that was answered late, or is settled by this.
                    question.open().clear();
                }
            }
        }
    }

    private void record(Question question, long asked, long answered) {
        if (sightings.size() < RECORDED_MAX) {
            sightings.add(new Sighting(question.address(), question.host(), asked, answered));
        }
    }

    @Override
    public void close() {
        asker.interrupt();
        ear.close();
    }
}
