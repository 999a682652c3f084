package strict

import (
	"fmt"
	"reflect"
	"strings"
)

// suggest returns the end of a message that says what an unknown key was probably meant to
// be, or "".
func suggest(root reflect.Type, name, path string, keys []key) string {
	var siblings []string
	for _, k := range keys {
		siblings = append(siblings, k.name)
	}
	if near := Nearest(name, siblings); near != "" {
		return fmt.Sprintf("; did you mean %s?", join(path, near))
	}
	// The key may be a right one in the wrong section.
	elsewhere := ""
	visitKeys(reflect.Zero(root), "", func(path string, _ reflect.Value) {
		if elsewhere == "" && strings.HasSuffix(path, "."+name) {
			elsewhere = path
		}
	})
	if elsewhere != "" {
		return fmt.Sprintf("; did you mean %s?", elsewhere)
	}
	if len(siblings) <= 12 {
		return "; there are " + strings.Join(siblings, ", ")
	}
	return ""
}
