package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/strict"
)

// root is the folder of the module.
const root = "../.."

// inventory is everything that documents may name.
type inventory struct {
	files     map[string]bool            // paths of files and folders, slashes, below the module's folder
	tests     map[string][]string        // tests, benchmarks, examples and fuzz targets, with their folders
	declared  map[string]map[string]bool // by a package's name, what it declares; methods and fields too
	literals  map[string]bool            // texts in the source that is no test
	testFlags map[string]bool            // flags of go test and of our tests
	settings  map[string]bool            // keys, and the sections that they stand in
	variables map[string]bool            // environment variables of settings
	described string                     // files that name variables of other programs
}

// takeInventory reads the module as it is on disk.
func takeInventory(t *testing.T) *inventory {
	t.Helper()
	v := &inventory{
		files: map[string]bool{}, tests: map[string][]string{}, declared: map[string]map[string]bool{}, literals: map[string]bool{},
		testFlags: map[string]bool{}, settings: map[string]bool{}, variables: map[string]bool{},
	}
	for _, known := range []string{"bench", "fuzz", "fuzztime", "race", "rapid.checks", "run", "short", "timeout", "v"} {
		v.testFlags[known] = true
	}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == ".git" {
			return fs.SkipDir
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		v.files[name] = true
		if strings.HasSuffix(name, ".go") {
			return v.read(file, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	strict.Visit(configs.Default(), func(key string, _ reflect.Value) {
		v.variables[configs.Variable(key)] = true
		v.settings[key] = true
		for i, letter := range key {
			if letter == '.' {
				v.settings[key[:i]] = true
			}
		}
	})
	for _, name := range []string{"configs/citytally.yaml", "docker-compose.yml"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		v.described += string(text)
	}
	return v
}

// read adds what a file of Go source declares.
func (v *inventory) read(file, name string) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	isTest := strings.HasSuffix(name, "_test.go")
	declared := v.declared[parsed.Name.Name]
	if declared == nil {
		declared = map[string]bool{}
		v.declared[parsed.Name.Name] = declared
	}
	ast.Inspect(parsed, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.FuncDecl:
			declared[n.Name.Name] = true
			if isTest && n.Recv == nil {
				v.tests[n.Name.Name] = append(v.tests[n.Name.Name], path.Dir(name))
			}
		case *ast.TypeSpec:
			declared[n.Name.Name] = true
		case *ast.ValueSpec:
			for _, one := range n.Names {
				declared[one.Name] = true
			}
		case *ast.Field:
			for _, one := range n.Names {
				declared[one.Name] = true
			}
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && !isTest {
				v.literals[text] = true
			}
		case *ast.CallExpr:
			v.readFlag(n, isTest)
		}
		return true
	})
	return nil
}

// readFlag notes a flag that a test declares, as flag.Int("faults", …) does.
func (v *inventory) readFlag(call *ast.CallExpr, isTest bool) {
	function, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !isTest || len(call.Args) == 0 {
		return
	}
	of, isName := function.X.(*ast.Ident)
	name, isLiteral := call.Args[0].(*ast.BasicLit)
	if !isName || !isLiteral || of.Name != "flag" {
		return
	}
	if text, err := strconv.Unquote(name.Value); err == nil {
		v.testFlags[text] = true
	}
}

// exists reports whether a path, which may hold wildcards, is one of the module's.
func (v *inventory) exists(name string) bool {
	name = path.Clean(strings.TrimSuffix(name, "/..."))
	if v.files[name] {
		return true
	}
	for file := range v.files {
		if ok, err := path.Match(name, file); ok && err == nil {
			return true
		}
	}
	return false
}

// isFileName reports whether a file of this name is in the module, or is made by the
// program.
func (v *inventory) isFileName(name string) bool {
	if v.literals[name] {
		return true
	}
	for file := range v.files {
		if path.Base(file) == name {
			return true
		}
	}
	return false
}

// isVariable reports whether there is an environment variable, or a code, of the name.
func (v *inventory) isVariable(name string) bool {
	return v.variables[name] || v.literals[name] || strings.Contains(v.described, name)
}

// isRoute reports whether some part of the program answers at the path.
func (v *inventory) isRoute(route string) bool {
	for text := range v.literals {
		if text == route || strings.HasPrefix(text, "GET ") && text[len("GET "):] == route {
			return true
		}
	}
	return false
}
