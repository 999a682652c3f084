package catalogue

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/citytally/citytally/configs/strict"
)

// YAML returns the catalogue as a file that reads back as the same, with the
// defaults filled in and without what is empty.
func (c *Catalogue) YAML() ([]byte, error) {
	node, err := strict.Encode(c, "", func(text string) string { return text })
	if err != nil {
		return nil, fmt.Errorf("encode catalogue: %w", err)
	}
	tidyNode(node, 0)
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(node); err != nil {
		return nil, fmt.Errorf("encode catalogue: %w", err)
	}
	return b.Bytes(), nil
}

// tidyNode drops what is empty, and writes lists within the things listed on one
// line.
func tidyNode(node *yaml.Node, depth int) {
	if depth > 2 && node.Kind == yaml.SequenceNode {
		node.Style |= yaml.FlowStyle
	}
	if node.Kind == yaml.MappingNode {
		kept := node.Content[:0]
		for i := 0; i+1 < len(node.Content); i += 2 {
			if value := node.Content[i+1]; !emptyNode(value) {
				kept = append(kept, node.Content[i], value)
			}
		}
		node.Content = kept
	}
	for _, child := range node.Content {
		tidyNode(child, depth+1)
	}
}

func emptyNode(node *yaml.Node) bool {
	switch node.Kind {
	case yaml.ScalarNode:
		return node.Value == "" || node.Value == "null" || node.Value == "0001-01-01"
	default:
		return len(node.Content) == 0
	}
}
