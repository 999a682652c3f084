package strict

import (
	"encoding"
	"reflect"
	"strings"
	"unicode"
)

// A key is one field of a section.
type key struct {
	name  string
	index int
}

// keysOf returns the keys of a section: the yaml tags, or the field names in
// snake_case where a type was not made for files.
func keysOf(section reflect.Type) []key {
	var keys []key
	for i := range section.NumField() {
		field := section.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case !field.IsExported() || name == "-":
			continue
		case name == "":
			name = snakeCase(field.Name)
		}
		keys = append(keys, key{name: name, index: i})
	}
	return keys
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// isSection reports whether a type is a struct with keys of its own. A struct that is written
// as text, such as a date, is not.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(textUnmarshaler)
}

// isSectionList reports whether a type is a list of sections, such as schedules.
func isSectionList(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && isSection(t.Elem())
}

// Visit calls visit for every key below target, a pointer to a struct, that has no keys of
// its own, with its path, such as sink.batch_rows, and its value, which can be set. A list
// counts as one key.
func Visit(target any, visit func(path string, v reflect.Value)) {
	visitKeys(reflect.ValueOf(target).Elem(), "", visit)
}

func visitKeys(v reflect.Value, path string, visit func(path string, v reflect.Value)) {
	if !isSection(v.Type()) {
		visit(path, v)
		return
	}
	for _, k := range keysOf(v.Type()) {
		visitKeys(v.Field(k.index), join(path, k.name), visit)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// snakeCase writes ReadOnly as read_only and HTTPPort as http_port.
func snakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// IsSecret reports whether a key, by its name, has a secret value.
func IsSecret(path string) bool {
	name := path[strings.LastIndexByte(path, '.')+1:]
	return name == "password" || name == "token" || name == "secret"
}
