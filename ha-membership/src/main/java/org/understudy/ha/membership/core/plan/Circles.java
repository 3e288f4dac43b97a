package org.understudy.ha.membership.core.plan;

/** Which groups wait for one another in a circle: the strongly connected parts of a graph, by Tarjan's algorithm without recursion. */
final class Circles {

    private final int[][] edges;
    private final int[] order;
    private final int[] low;
    private final int[] stack;
    private final boolean[] isOnStack;
    private final int[] part;
    private final int[] size;
    private final int[] path;
    private final int[] next;
    private int top;
    private int count;
    private int parts;

    private Circles(int[][] edges) {
        int n = edges.length;
        this.edges = edges;
        this.order = new int[n];
        this.low = new int[n];
        this.stack = new int[n];
        this.isOnStack = new boolean[n];
        this.part = new int[n];
        this.size = new int[n];
        this.path = new int[n];
        this.next = new int[n];
    }

    /**
     * For each node of the graph the number of the circle that it is in; -1 if it is in none.
     *
     * @param edges for each node those that it points to
     */
    static int[] of(int[][] edges) {
        Circles circles = new Circles(edges);
        for (int i = 0; i < edges.length; i++) {
            if (circles.order[i] == 0 && edges[i].length > 0) {
                circles.visit(i);
            } else if (circles.order[i] == 0) {
                circles.part[i] = -1;
            }
        }
        int[] part = circles.part;
        for (int i = 0; i < part.length; i++) {
            if (part[i] >= 0 && circles.size[part[i]] < 2) {
                part[i] = -1;
            }
        }
        return part;
    }

    private void visit(int root) {
        int depth = 0;
        path[0] = root;
        enter(root);
        while (depth >= 0) {
            int at = path[depth];
            if (next[at] < edges[at].length) {
                int to = edges[at][next[at]++];
                if (order[to] == 0) {
                    path[++depth] = to;
                    enter(to);
                } else if (isOnStack[to]) {
                    low[at] = Math.min(low[at], order[to]);
                }
            } else {
                depth--;
                if (depth >= 0) {
                    low[path[depth]] = Math.min(low[path[depth]], low[at]);
                }
                if (low[at] == order[at]) {
                    leave(at);
                }
            }
        }
    }

    private void enter(int node) {
        order[node] = ++count;
        low[node] = count;
        stack[top++] = node;
        isOnStack[node] = true;
    }

    private void leave(int root) {
        int node;
        do {
            node = stack[--top];
            isOnStack[node] = false;
            part[node] = parts;
            size[parts]++;
        } while (node != root);
        parts++;
    }
}
