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

	"go.yaml.in/yaml/v3"
)

// What a rule that ships calls a value has a name on the page, in both languages.
func TestValuesOfRulesHaveNames(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "configs", "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Rules []struct {
			ID, Expression string
			Let            map[string]string
			Thresholds     map[string]string
			MessageEN      string `yaml:"message_en"`
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil || len(file.Rules) == 0 {
		t.Fatalf("rules: %d, %v", len(file.Rules), err)
	}
	texts := "indicator unit period month stage in_force_stage other_indicator missing_zones whole_share"
	for _, rule := range file.Rules {
		names := slices.Collect(maps.Keys(rule.Let))
		for _, m := range regexp.MustCompile(`\{([a-z_]+)\}`).FindAllStringSubmatch(rule.MessageEN, -1) {
			names = append(names, m[1])
		}
		for _, name := range names {
			if _, threshold := rule.Thresholds[name]; threshold || strings.Contains(texts, name) || strings.HasSuffix(name, "_zh") || strings.HasSuffix(name, "_en") {
				continue
			}
			if chinese.SeenNames[name] == "" || english.SeenNames[name] == "" {
				t.Errorf("%s of %s has no name", name, rule.ID)
			}
		}
	}
}

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
