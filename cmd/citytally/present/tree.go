package present

import (
	"fmt"
	"io"
)

// node is a line of a tree with what stands below it.
type node struct {
	lines    []string // the first is the node's, the others stand under it
	children []*node
}

// print draws the node with what stands below it. The prefix first stands before the
// node's own line, rest before all others.
func (n *node) print(w io.Writer, first, rest string) {
	fmt.Fprintf(w, "%s%s\n", first, n.lines[0])
	bar := "   "
	if len(n.children) > 0 {
		bar = "│  "
	}
	for _, line := range n.lines[1:] {
		fmt.Fprintf(w, "%s%s%s\n", rest, bar, line)
	}
	for i, child := range n.children {
		if i == len(n.children)-1 {
			child.print(w, rest+"└─ ", rest+"   ")
		} else {
			child.print(w, rest+"├─ ", rest+"│  ")
		}
	}
}
