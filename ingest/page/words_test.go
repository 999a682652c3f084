package page

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
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
	default:
		into[path] = v.String()
	}
}

var verb = regexp.MustCompile(`%(?:\[\d+\])?[a-z]`)

// Everything is said in both languages, with as much filled in, and every word is used.
func TestWordsOfBothLanguages(t *testing.T) {
	zh, en := map[string]string{}, map[string]string{}
	leaves(reflect.ValueOf(chinese), "", zh)
	leaves(reflect.ValueOf(english), "", en)
	for _, path := range slices.Sorted(maps.Keys(en)) {
		if zh[path] == "" || en[path] == "" || len(verb.FindAllString(zh[path], -1)) != len(verb.FindAllString(en[path], -1)) {
			t.Errorf("%s is %q and %q", path, zh[path], en[path])
		}
	}
	if len(zh) != len(en) {
		t.Errorf("%d texts in Chinese, %d in English", len(zh), len(en))
	}
	var used strings.Builder
	for _, dir := range []fs.FS{templateFiles, sources(t)} {
		check := fs.WalkDir(dir, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasPrefix(path, "words") {
				return err
			}
			text, err := fs.ReadFile(dir, path)
			used.Write(text)
			return err
		})
		if check != nil {
			t.Fatal(check)
		}
	}
	for i := range reflect.TypeFor[Words]().NumField() {
		name := reflect.TypeFor[Words]().Field(i).Name
		if !regexp.MustCompile(`(W|chinese)\.` + name + `\b`).MatchString(used.String()) {
			t.Errorf("%s is not used", name)
		}
	}
}

// sources are the Go files of the package.
func sources(t *testing.T) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = &fstest.MapFile{Data: text}
	}
	return all
}
