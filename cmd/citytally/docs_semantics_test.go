package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const semanticsPage = "docs/semantics.md"

var (
	// A rule's row has its name, what it says, and its tests.
	ruleRow = regexp.MustCompile(`(?m)^\| ([^|]+) \| ([^|]+) \|([^|]*)\|$`)
	// A test names the rules that it holds in its comment, at the end of it.
	holdingTest = regexp.MustCompile(`(?m)^// Rules: ((?:.*\n// )*.*)\.\nfunc (Test\w+)\(`)
)

// Every rule of the semantics has a test, and no test holds a rule that is none. With
// -update the page names the tests.
func TestRulesHaveTests(t *testing.T) {
	text, err := os.ReadFile(semanticsPage)
	if err != nil {
		t.Fatal(err)
	}
	tests, err := testsOfRules()
	if err != nil {
		t.Fatal(err)
	}
	page, problems := withTests(string(text), tests)
	for _, problem := range problems {
		t.Error(problem)
	}
	if page == string(text) {
		return
	}
	if !*update {
		t.Errorf("%s does not name the tests that hold its rules; -update has it name them", semanticsPage)
		return
	}
	if err := os.WriteFile(semanticsPage, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}

// withTests fills in the tests of each rule of a page, and returns what is wrong with it.
func withTests(page string, tests map[string][]string) (filled string, problems []string) {
	known := map[string]bool{}
	filled = ruleRow.ReplaceAllStringFunc(page, func(row string) string {
		m := ruleRow.FindStringSubmatch(row)
		if m[1] == "rule" || strings.HasPrefix(m[1], "---") {
			return row
		}
		if known[m[1]] {
			problems = append(problems, fmt.Sprintf("rule %q stands there twice", m[1]))
		}
		known[m[1]] = true
		if len(tests[m[1]]) == 0 {
			problems = append(problems, fmt.Sprintf("rule %q has no test: name it in the comment of one, // Rules: %s.", m[1], m[1]))
		}
		return fmt.Sprintf("| %s | %s | %s |", m[1], m[2], strings.Join(tests[m[1]], ", "))
	})
	for rule, of := range tests {
		if !known[rule] {
			problems = append(problems, fmt.Sprintf("%s: there is no rule %q in %s", strings.Join(of, ", "), rule, semanticsPage))
		}
	}
	return filled, problems
}

// testsOfRules returns the tests of the module by the rules that they hold, each as a
// document names it, with its folder.
func testsOfRules() (map[string][]string, error) {
	tests := map[string][]string{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == ".git":
			return fs.SkipDir
		case !strings.HasSuffix(file, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		for _, m := range holdingTest.FindAllStringSubmatch(string(text), -1) {
			for rule := range strings.SplitSeq(strings.ReplaceAll(m[1], "\n// ", " "), ", ") {
				tests[rule] = append(tests[rule], fmt.Sprintf("`%s` (%s)", m[2], path.Clean(filepath.ToSlash(folder))))
			}
		}
		return nil
	})
	for _, of := range tests {
		slices.Sort(of)
	}
	return tests, err
}

// A rule without a test, and a test of no rule, are found.
func TestRulesWithoutTestsAreFound(t *testing.T) {
	page := "| rule | what it says | test |\n|---|---|---|\n| held | It holds. | |\n| bare | It says so. | |\n"
	filled, problems := withTests(page, map[string][]string{"held": {"`TestHeld` (sink)"}, "gone": {"`TestGone` (sink)"}})
	if !strings.Contains(filled, "| held | It holds. | `TestHeld` (sink) |\n") || len(problems) != 2 || !strings.Contains(problems[0], `"bare" has no test`) || !strings.Contains(problems[1], `no rule "gone"`) {
		t.Errorf("%s\n%s", filled, strings.Join(problems, "\n"))
	}
}
