package org.understudy.ha.testkit.explore;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.membership.core.NodeMachine;

/**
 * Copies a machine, and writes down its state so that two machines of equal state give equal words. Reads fields, so that a field
 * added to a machine tomorrow is copied and compared without a change here.
 *
 * <p>Left out of the comparison is what no rule reads: the lists of the step last returned, and what was said lately to people. Numbers
 * of writes are compared by their distance from the newest one. Everything else counts.
 */
final class MachineImage {

    private static final String OURS = "org.understudy.ha.";
    private static final String CORE = NodeMachine.class.getPackageName() + '.';
    private static final int IDENTITIES_MAX = 200_000;
    private static final Map<String, List<String>> UNREAD = Map.of(
            NodeMachine.class.getName(),
            List.of("verifier"),
            CORE + "Peers",
            List.of("majorityHeardAt"),
            CORE + "Outbox",
            List.of("urgent", "then", "notices", "saidLately"),
            CORE + "HomeDelivery",
            List.of("answers", "persistNumber"));
    private static final List<String> BY_WRITE = List.of("writing", "held");

    private final Map<Class<?>, Layout> layouts = new IdentityHashMap<>();
    private final Map<Class<?>, Boolean> mutable = new IdentityHashMap<>();
    private final Map<Object, Integer> values = new HashMap<>();
    private final IdentityHashMap<Object, Integer> identities = new IdentityHashMap<>();

    /** Another machine in the same state. */
    NodeMachine copy(NodeMachine machine) {
        return (NodeMachine) copyOf(machine);
    }

    /** Writes the state down. */
    void write(NodeMachine machine, Words out) {
        describe(machine, out);
    }

    /** The number of a value: equal values have equal numbers. Values must not change. */
    int number(Object value) {
        Integer known = identities.get(value);
        if (known == null) {
            known = values.computeIfAbsent(value, v -> values.size());
            if (identities.size() >= IDENTITIES_MAX) {
                identities.clear();
            }
            identities.put(value, known);
        }
        return known;
    }

    // ---- copying -------------------------------------------------------------------------------------------------

    private Object copyOf(Object from) {
        if (from instanceof TreeMap<?, ?> map) {
            TreeMap<Object, Object> copy = new TreeMap<>();
            map.forEach((key, value) -> copy.put(key, copyOf(value)));
            return copy;
        }
        if (from instanceof TreeSet<?> set) {
            return new TreeSet<>(set);
        }
        if (from instanceof ArrayList<?> list) {
            List<Object> copy = new ArrayList<>(list.size());
            list.forEach(each -> copy.add(copyOf(each)));
            return copy;
        }
        if (from instanceof ArrayDeque<?> queue) {
            return new ArrayDeque<>(queue);
        }
        if (!isMutable(from.getClass())) {
            return from;
        }
        Layout layout = layout(from.getClass());
        try {
            Object copy = layout.maker.newInstance();
            for (Slot slot : layout.slots) {
                slot.copy(from, copy, this);
            }
            return copy;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot copy " + from.getClass(), e);
        }
    }

    /** Our own classes change, unless they are values; whatever else a machine holds and is no collection does not. */
    private boolean isMutable(Class<?> type) {
        Boolean known = mutable.get(type);
        if (known == null) {
            // What is handed to a machine from here, its verifier, has no state.
            boolean isFromHere = type.getName().startsWith(MachineImage.class.getPackageName());
            known = type.getName().startsWith(OURS) && !type.isRecord() && !type.isEnum() && !isFromHere;
            mutable.put(type, known);
        }
        return known;
    }

    // ---- writing down --------------------------------------------------------------------------------------------

    private void describe(@Nullable Object value, Words out) {
        if (value == null) {
            out.add(-1);
        } else if (value instanceof SortedMap<?, ?> map) {
            out.add(map.size());
            map.forEach((key, each) -> {
                describe(key, out);
                describe(each, out);
            });
        } else if (value instanceof Collection<?> many) {
            out.add(many.size());
            many.forEach(each -> describe(each, out));
        } else if (value instanceof Long number) {
            out.add(number);
        } else if (value instanceof byte[] bytes) {
            out.add(number(ByteBuffer.wrap(bytes.clone())));
        } else if (isMutable(value.getClass())) {
            fields(value, out);
        } else {
            out.add(number(value));
        }
    }

    private void fields(Object owner, Words out) {
        Layout layout = layout(owner.getClass());
        out.add(number(owner.getClass().getName()));
        for (Slot slot : layout.slots) {
            if (slot.isRead) {
                slot.describe(owner, out, this, layout.newestWrite);
            }
        }
    }

    private void byWrite(SortedMap<?, ?> map, long newest, Words out) {
        out.add(map.size());
        map.forEach((key, each) -> {
            out.add(newest - (Long) key);
            describe(each, out);
        });
    }

    // ---- layouts -------------------------------------------------------------------------------------------------

    private Layout layout(Class<?> type) {
        Layout known = layouts.get(type);
        if (known == null) {
            known = Layout.of(type);
            layouts.put(type, known);
        }
        return known;
    }

    private static final class Layout {
        private final Constructor<?> maker;
        private final List<Slot> slots;
        private final Optional<Field> newestWrite;

        private Layout(Constructor<?> maker, List<Slot> slots, Optional<Field> newestWrite) {
            this.maker = maker;
            this.slots = slots;
            this.newestWrite = newestWrite;
        }

        private static Layout of(Class<?> type) {
            List<String> unread = new ArrayList<>(UNREAD.getOrDefault(type.getName(), List.of()));
            List<Slot> slots = new ArrayList<>();
            Optional<Field> newestWrite = Optional.empty();
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers())) {
                    field.setAccessible(true);
                    slots.add(new Slot(field, !unread.remove(field.getName())));
                    newestWrite = field.getName().equals("persistNumber") ? Optional.of(field) : newestWrite;
                }
            }
            if (!unread.isEmpty()) {
                throw new IllegalStateException(
                        type + " has no fields " + unread + " any more; see what replaced them");
            }
            return new Layout(maker(type), slots, newestWrite);
        }

        /** Makes an object without running its constructor, as deserialization does; named at run time, for compilers warn of it. */
        private static Constructor<?> maker(Class<?> type) {
            if (type.getSuperclass() != Object.class) {
                throw new IllegalStateException(type + " extends another class, whose fields are not copied yet");
            }
            try {
                Class<?> factory = Class.forName("sun.reflect.ReflectionFactory");
                Object instance = factory.getMethod("getReflectionFactory").invoke(null);
                Method make = factory.getMethod("newConstructorForSerialization", Class.class, Constructor.class);
                return (Constructor<?>) make.invoke(instance, type, Object.class.getConstructor());
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("this Java cannot make a " + type + " without its constructor", e);
            }
        }
    }

    private static final class Slot {
        private final Field field;
        private final boolean isRead;
        private final boolean isByWrite;
        private final Class<?> type;

        private Slot(Field field, boolean isRead) {
            this.field = field;
            this.isRead = isRead;
            this.isByWrite = BY_WRITE.contains(field.getName());
            this.type = field.getType();
        }

        private void copy(Object from, Object to, MachineImage image) throws IllegalAccessException {
            if (type == long.class) {
                field.setLong(to, field.getLong(from));
            } else if (type == boolean.class) {
                field.setBoolean(to, field.getBoolean(from));
            } else if (type == int.class) {
                field.setInt(to, field.getInt(from));
            } else {
                Object value = field.get(from);
                field.set(to, value == null ? null : image.copyOf(value));
            }
        }

        private void describe(Object owner, Words out, MachineImage image, Optional<Field> newestWrite) {
            try {
                if (type == long.class) {
                    out.add(field.getLong(owner));
                } else if (type == boolean.class) {
                    out.add(field.getBoolean(owner) ? 1 : 0);
                } else if (type == int.class) {
                    out.add(field.getInt(owner));
                } else if (isByWrite && newestWrite.isPresent()) {
                    image.byWrite(
                            (SortedMap<?, ?>) field.get(owner),
                            newestWrite.get().getLong(owner),
                            out);
                } else {
                    image.describe(field.get(owner), out);
                }
            } catch (IllegalAccessException e) {
                throw new IllegalStateException("cannot read " + field, e);
            }
        }
    }
}
