package present

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// leaves returns the texts below a value, by their path.
func leaves(v reflect.Value, path string, into map[string]string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			leaves(v.Field(i), path+"."+v.Type().Field(i).Name, into)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			leaves(v.MapIndex(key), fmt.Sprintf("%s[%v]", path, key), into)
		}
	case reflect.Slice:
		for i := range v.Len() {
			leaves(v.Index(i), fmt.Sprintf("%s[%d]", path, i), into)
		}
	case reflect.Interface:
		leaves(v.Elem(), path, into)
	case reflect.String:
		into[path] = v.String()
	default:
		panic(path + ": words are texts")
	}
}

var verb = regexp.MustCompile(`%(?:\[\d+\])?[.\d]*([a-z])`)

// verbs returns the verbs of a pattern, whatever their order.
func verbs(pattern string) string {
	var all []string
	for _, m := range verb.FindAllStringSubmatch(strings.ReplaceAll(pattern, "%%", ""), -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return strings.Join(all, "")
}

// Everything is said in both languages, with the same things filled in, and
// nothing twice.
func TestWordsOfBothLanguages(t *testing.T) {
	zh, en := map[string]string{}, map[string]string{}
	leaves(reflect.ValueOf(chineseWords), "", zh)
	leaves(reflect.ValueOf(englishWords), "", en)
	// English says with the verb alone that a change is expected.
	empty := []string{".Sentence.Expected[forecast]", ".Sentence.Expected[estimate]"}
	said := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(en)) {
		if zh[path] == "" || en[path] == "" && !slices.Contains(empty, path) {
			t.Errorf("%s is %q and %q", path, zh[path], en[path])
		}
		if verbs(zh[path]) != verbs(en[path]) {
			t.Errorf("%s fills %q and %q in", path, zh[path], en[path])
		}
		// A heading or a code may read like another; a phrase is one.
		both := zh[path] + "\n" + en[path]
		if other, ok := said[both]; ok && strings.Contains(en[path], " ") {
			t.Errorf("%s says what %s says: %q", path, other, en[path])
		}
		said[both] = path
	}
	for path := range zh {
		if _, ok := en[path]; !ok {
			t.Errorf("%s is not said in English", path)
		}
	}
}
