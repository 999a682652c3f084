package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A Decoder lays YAML over a struct and collects every mistake. A key with a mistake keeps
// the value it had.
type Decoder struct {
	source string
	target reflect.Value
	places map[string]string
	errs   []error
}

// NewDecoder returns a decoder of text into target, a pointer to a struct. Mistakes name
// source, which is a file's name.
func NewDecoder(source string, target any) *Decoder {
	return &Decoder{source: source, target: reflect.ValueOf(target).Elem(), places: map[string]string{}}
}

// Document lays the one YAML document in text over the target.
func (d *Decoder) Document(text []byte) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if !errors.Is(err, io.EOF) {
			d.errs = append(d.errs, fmt.Errorf("%s: %s", d.source, withoutPrefix(err)))
		}
		return
	}
	var more yaml.Node
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		d.errs = append(d.errs, fmt.Errorf("%s: want one YAML document, got more after a line of ---", d.source))
	}
	d.value(document.Content[0], d.target, "", func(node *yaml.Node) string { return fmt.Sprintf("%s:%d", d.source, node.Line) })
}

// Text lays the text of one value over v, the value of the key at path, as [Visit] passes
// them. Mistakes name origin as the place of the text. A list is written as in YAML: [a, b].
func (d *Decoder) Text(origin, text, path string, v reflect.Value) {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	isText := v.Kind() == reflect.String || v.Type() == reflect.TypeFor[time.Duration]() ||
		reflect.PointerTo(v.Type()).Implements(textUnmarshaler)
	if !isText {
		var document yaml.Node
		if err := yaml.Unmarshal([]byte(text), &document); err != nil || len(document.Content) == 0 {
			d.report(origin, path, "want %s, got text that is not YAML", wantedType(v.Type()))
			return
		}
		node = document.Content[0]
	}
	d.value(node, v, path, func(*yaml.Node) string { return origin })
}

// Add records the mistakes joined in err. Each begins with the path of a key, and gets the
// place where that key was set.
func (d *Decoder) Add(err error) {
	for _, e := range Flatten(err) {
		d.errs = append(d.errs, d.withPlace(e))
	}
}

// Report records a mistake that has no place in a document.
func (d *Decoder) Report(err error) { d.errs = append(d.errs, err) }

// Err returns all mistakes so far, joined, one on each line.
func (d *Decoder) Err() error { return errors.Join(d.errs...) }

// withPlace puts before a mistake the place of the key that it begins with, or else of the
// nearest section around that key.
func (d *Decoder) withPlace(err error) error {
	path, _, _ := strings.Cut(err.Error(), ":")
	path, _, _ = strings.Cut(path, " ")
	for path != "" {
		if origin, ok := d.places[path]; ok {
			return fmt.Errorf("%s: %w", origin, err)
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	if d.source == "" {
		return err
	}
	return fmt.Errorf("%s: %w", d.source, err)
}

func (d *Decoder) report(origin, path, format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf("%s: %s: %s", origin, path, fmt.Sprintf(format, args...)))
}

// value lays a node over a value. The function at returns the place of a node.
func (d *Decoder) value(node *yaml.Node, v reflect.Value, path string, at func(*yaml.Node) string) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" {
		return // a key without a value is a key left out
	}
	if path != "" {
		d.places[path] = at(node)
	}
	switch {
	case isSection(v.Type()):
		d.section(node, v, path, at)
	case isSectionList(v.Type()):
		d.list(node, v, path, at)
	default:
		d.scalar(node, v, path, at)
	}
}

func (d *Decoder) section(node *yaml.Node, v reflect.Value, path string, at func(*yaml.Node) string) {
	if node.Kind != yaml.MappingNode {
		if path == "" {
			path = "top level"
		}
		d.report(at(node), path, "want keys and values, got %s", describe(node))
		return
	}
	keys := keysOf(v.Type())
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name := node.Content[i]
		child := join(path, name.Value)
		if line, twice := seen[name.Value]; twice {
			d.report(at(name), child, "set twice; it is in line %d already", line)
			continue
		}
		seen[name.Value] = name.Line
		found := false
		for _, k := range keys {
			if k.name == name.Value {
				d.value(node.Content[i+1], v.Field(k.index), child, at)
				found = true
				break
			}
		}
		if !found {
			d.report(at(name), child, "no such key%s", suggest(d.target.Type(), name.Value, path, keys))
		}
	}
}

func (d *Decoder) list(node *yaml.Node, v reflect.Value, path string, at func(*yaml.Node) string) {
	if node.Kind != yaml.SequenceNode {
		d.report(at(node), path, "want a list, got %s", describe(node))
		return
	}
	for known := range d.places {
		if strings.HasPrefix(known, path+"[") {
			delete(d.places, known) // a key in the list that this one replaces
		}
	}
	list := reflect.MakeSlice(v.Type(), len(node.Content), len(node.Content))
	for i, element := range node.Content {
		d.value(element, list.Index(i), fmt.Sprintf("%s[%d]", path, i), at)
	}
	v.Set(list)
}

// scalar lays a node over a value without keys of its own, or over a list of such values.
func (d *Decoder) scalar(node *yaml.Node, v reflect.Value, path string, at func(*yaml.Node) string) {
	if v.Type() == reflect.TypeFor[time.Duration]() && node.ShortTag() == "!!int" {
		if node.Value != "0" {
			d.report(at(node), path, "want a duration with its unit, such as %ss or %sm, got %s", node.Value, node.Value, node.Value)
			return
		}
		v.SetZero()
		return
	}
	decoded := reflect.New(v.Type())
	err := node.Decode(decoded.Interface())
	var kind *yaml.TypeError
	switch {
	case errors.As(err, &kind):
		got := describe(node)
		if IsSecret(path) {
			got = "something else"
		}
		d.report(at(node), path, "want %s, got %s", wantedType(v.Type()), got)
	case err != nil:
		d.report(at(node), path, "%s", withoutPrefix(err))
	default:
		v.Set(decoded.Elem())
	}
}

// wantedType says in words what a type holds.
func wantedType(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration such as 30s, 5m or 24h"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Float64:
		return "a number"
	case t.Kind() == reflect.Slice:
		return "a list such as [a, b]"
	case reflect.Zero(t).CanInt() || reflect.Zero(t).CanUint():
		return "a whole number"
	}
	return "text"
}

// describe says what a node is, in words.
func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	}
	return fmt.Sprintf("%q", node.Value)
}

func withoutPrefix(err error) string { return strings.TrimPrefix(err.Error(), "yaml: ") }

// Flatten takes joined errors apart.
func Flatten(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if err == nil {
			return nil
		}
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, Flatten(e)...)
	}
	return all
}
