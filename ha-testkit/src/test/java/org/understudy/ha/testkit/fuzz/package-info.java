/**
 * Coverage-guided fuzzing of every decoder, by Jazzer. A target is a class called {@code …Fuzz} beside the tests of what it
 * reads, with {@code seeds()} and {@code fuzzerTestOneInput(byte[])}; it needs nothing of Jazzer.
 */
@NullMarked
package org.understudy.ha.testkit.fuzz;

import org.jspecify.annotations.NullMarked;
