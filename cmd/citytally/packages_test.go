package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// How much a package holds without a reason: a newcomer reads it in an afternoon.
const (
	maxPackageLines = 3000
	maxPackageFiles = 25
)

// large is a sentence that gives the reason for a package's size.
var large = regexp.MustCompile(`\blarge\b`)

// A package stays below 3,000 lines and 25 files, tests aside, or its doc.go says
// why it is large.
func TestPackagesStaySmall(t *testing.T) {
	type size struct{ lines, files int }
	packages := map[string]size{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		s := packages[filepath.Dir(file)]
		s.lines += bytes.Count(text, []byte("\n"))
		s.files++
		packages[filepath.Dir(file)] = s
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 2 {
		t.Fatalf("found %d packages", len(packages))
	}
	for dir, s := range packages {
		if s.lines <= maxPackageLines && s.files <= maxPackageFiles {
			continue
		}
		doc, err := os.ReadFile(filepath.Join(dir, "doc.go"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if !large.Match(doc) {
			t.Errorf("%s has %d lines in %d files, more than %d lines or %d files: part it, or say in its doc.go why it is large",
				dir, s.lines, s.files, maxPackageLines, maxPackageFiles)
		}
	}
}
