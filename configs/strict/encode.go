package strict

import (
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Encode returns the struct that source points to as YAML, with the keys that a [Decoder]
// reads. Secrets are replaced by masked; other texts are passed through clean, with their path.
func Encode(source any, masked string, clean func(path, text string) string) (*yaml.Node, error) {
	return encode(reflect.ValueOf(source).Elem(), "", masked, clean)
}

func encode(v reflect.Value, path, masked string, clean func(path, text string) string) (*yaml.Node, error) {
	node := &yaml.Node{}
	switch {
	case isSection(v.Type()):
		node.Kind = yaml.MappingNode
		for _, k := range keysOf(v.Type()) {
			child, err := encode(v.Field(k.index), join(path, k.name), masked, clean)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: k.name}, child)
		}
	case isSectionList(v.Type()):
		node.Kind = yaml.SequenceNode
		for i := range v.Len() {
			child, err := encode(v.Index(i), path, masked, clean)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, child)
		}
	case v.Kind() == reflect.String && v.String() != "" && IsSecret(path):
		return node, node.Encode(masked)
	case v.Kind() == reflect.String:
		return node, node.Encode(clean(path, v.String()))
	default:
		return node, node.Encode(v.Interface())
	}
	return node, nil
}
