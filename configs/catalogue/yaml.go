package catalogue

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/citytally/citytally/configs/strict"
)

// YAML returns the catalogue as a file from which the same catalogue is read. Defaults are
// filled in, and empty fields are left out.
func (c *Catalogue) YAML() ([]byte, error) {
	node, err := strict.Encode(c, "", func(_, text string) string { return text })
	if err != nil {
		return nil, fmt.Errorf("encode catalogue: %w", err)
	}
	dropEmptyNodes(node, 0)
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(node); err != nil {
		return nil, fmt.Errorf("encode catalogue: %w", err)
	}
	return b.Bytes(), nil
}

// dropEmptyNodes drops empty fields, and writes lists within elements of lists on one line.
func dropEmptyNodes(node *yaml.Node, depth int) {
	if depth > 2 && node.Kind == yaml.SequenceNode {
		node.Style |= yaml.FlowStyle
	}
	if node.Kind == yaml.MappingNode {
		kept := node.Content[:0]
		for i := 0; i+1 < len(node.Content); i += 2 {
			if value := node.Content[i+1]; !isEmptyNode(value) {
				kept = append(kept, node.Content[i], value)
			}
		}
		node.Content = kept
	}
	for _, child := range node.Content {
		dropEmptyNodes(child, depth+1)
	}
}

func isEmptyNode(node *yaml.Node) bool {
	switch node.Kind {
	case yaml.ScalarNode:
		return node.Value == "" || node.Value == "null" || node.Value == "0001-01-01"
	default:
		return len(node.Content) == 0
	}
}
