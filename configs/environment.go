package configs

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/citytally/citytally/configs/strict"
)

const environmentPrefix = "CITYTALLY_"

// Variable returns the name of the environment variable of a setting:
// CITYTALLY_SINK_BATCH_ROWS of sink.batch_rows.
func Variable(path string) string {
	return environmentPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// applyEnvironment lays the variables of environ over the settings. They have the form
// NAME=value, as from [os.Environ]; of two with one name the later counts. A variable that
// names no setting is ignored, because container platforms and other programs set variables
// of their own, unless it looks like a typing mistake in the name of one.
func applyEnvironment(d *strict.Decoder, environ []string, settings *Settings) {
	variables := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, environmentPrefix) {
			variables[name] = value
		}
	}
	var known []string
	strict.Visit(settings, func(path string, v reflect.Value) {
		name := Variable(path)
		known = append(known, name)
		if value := variables[name]; value != "" {
			d.Text(name, value, path, v)
		}
		delete(variables, name)
	})
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if _, unknown := variables[name]; !unknown {
			continue
		}
		delete(variables, name)
		for _, k := range known {
			if isTypo(name, k) {
				d.Report(fmt.Errorf("%s: no such setting; did you mean %s?", name, k))
				break
			}
		}
	}
}

// isTypo reports whether one name may be a typing mistake of the other: between their common
// beginning and end, at most two letters differ.
func isTypo(a, b string) bool {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return max(len(a), len(b)) <= 2
}
