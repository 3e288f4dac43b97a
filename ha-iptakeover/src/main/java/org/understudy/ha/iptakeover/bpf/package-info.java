/**
 * Pure room of BPF: instructions, the program that guards a card, its maps, and the blocks of memory of bpf(2). No JNA, no call: packages
 * {@code linux} and {@code jna} make them.
 *
 * @since 0.1.0
 */
@NullMarked
package org.understudy.ha.iptakeover.bpf;

import org.jspecify.annotations.NullMarked;
