package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/cmd/citytally/docs"
)

// findingSources are the files whose code decides what is wrong with a row, a submission
// or a file.
var findingSources = []string{"transform/judge/findings*.go", "configs/catalogue/*.go", "ingest/event/*.go", "ingest/decode/*.go", "ingest/decode/*/*.go"}

var (
	findingCode = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)
	codeInTable = regexp.MustCompile("`([A-Z0-9_]+)`")
)

// A sender can look up every code that a finding, or the refusal of a file, may have.
func TestEveryFindingIsDocumented(t *testing.T) {
	found := map[string]bool{}
	for _, pattern := range findingSources {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				collectCodes(t, file, found)
			}
		}
	}
	page, err := docs.Page("pushing")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for table := range strings.SplitSeq(page, "| code | meaning |\n|---|---|\n") {
		rows, _, _ := strings.Cut(table, "\n\n")
		for line := range strings.Lines(rows) {
			if !strings.HasPrefix(line, "| `") {
				continue
			}
			for _, m := range codeInTable.FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
				documented[m[1]] = true
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(found)), slices.Sorted(maps.Keys(documented))); diff != "" {
		t.Errorf("pushing.md lists other codes than the source (-source +page):\n%s", diff)
	}
}

// collectCodes adds the codes in a file: the first argument of reject, inform, problem, newProblem
// and the method note, the Code of a Problem, and the constants of ingest/decode and below and of
// transform/judge.
func collectCodes(t *testing.T, file string, codes map[string]bool) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	add := func(e ast.Expr) {
		literal, ok := e.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return
		}
		if text, err := strconv.Unquote(literal.Value); err == nil && findingCode.MatchString(text) {
			codes[text] = true
		}
	}
	ast.Inspect(parsed, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.CallExpr:
			if function, ok := n.Fun.(*ast.Ident); ok && slices.Contains([]string{"reject", "inform", "problem", "newProblem"}, function.Name) {
				add(n.Args[0])
			}
			if method, ok := n.Fun.(*ast.SelectorExpr); ok && method.Sel.Name == "note" {
				add(n.Args[0])
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
				add(n.Value)
			}
		case *ast.GenDecl:
			if n.Tok != token.CONST || !slices.Contains([]string{"decode", "charset", "grid", "header", "divide", "judge"}, parsed.Name.Name) {
				break
			}
			for _, spec := range n.Specs {
				for _, value := range spec.(*ast.ValueSpec).Values {
					add(value)
				}
			}
		}
		return true
	})
}
