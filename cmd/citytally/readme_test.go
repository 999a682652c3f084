package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// Every test that the README names as showing a guarantee exists, in the package
// it is said to be in, and every command it shows is one.
func TestReadmeNamesWhatExists(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{} // name to folder
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			tests[m[1]] = filepath.ToSlash(folder)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	guarantee := regexp.MustCompile("(?m)^\\|.*\\|(.*`Test.*)\\|$")
	named := regexp.MustCompile("`(Test\\w+)`")
	place := regexp.MustCompile(`\(([\w/]+)`)
	for _, row := range guarantee.FindAllStringSubmatch(string(readme), -1) {
		folder := place.FindStringSubmatch(row[1])
		for _, m := range named.FindAllStringSubmatch(row[1], -1) {
			if at, ok := tests[m[1]]; !ok || folder == nil || !strings.Contains(row[1], "("+at) {
				t.Errorf("%s: the README has it in %v, it is in %q", m[1], folder, at)
			}
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^citytally (\w+)`).FindAllStringSubmatch(string(readme), -1) {
		if command, _, err := newRoot().Find([]string{m[1]}); err != nil || command.Name() != m[1] {
			t.Errorf("the README shows citytally %s, which is no command", m[1])
		}
	}
}
