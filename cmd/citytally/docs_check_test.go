package main

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/citytally/citytally/cmd/citytally/docs"
	"github.com/citytally/citytally/configs"
)

var (
	fence     = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	exported  = regexp.MustCompile(`(?m)^export (CITYTALLY_\w+)=(.*)$`)
	span      = regexp.MustCompile("`([^`]+)`")
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	webLink   = regexp.MustCompile(`https?://\S+`)
	pathName  = regexp.MustCompile(`(?:^|[\s(\[` + "`" + `])((?:cmd|configs|ingest|sink|transform|\.ci)/[\w./*-]*\w)`)
	fileName  = regexp.MustCompile(`(?:^|[\s(\[` + "`" + `])([\w-]+\.(?:go|md|yaml|yml|csv|sql))\b`)
	placed    = regexp.MustCompile("((?:`(?:Test|Benchmark|Fuzz|Example)\\w*`(?:, )?)+) \\(([\\w/]+)")
	inPicture = regexp.MustCompile(`\bcitytally ([a-z]+(?: [a-z]+)?)`)
)

// checkDocument returns what a document names and does not exist.
func checkDocument(v *inventory, name, text string) (problems []string) {
	report := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	var environment []string
	for _, m := range exported.FindAllStringSubmatch(text, -1) {
		environment = append(environment, m[1]+"="+strings.Trim(m[2], `'"`))
	}
	for _, block := range fence.FindAllStringSubmatch(text, -1) {
		checkBlock(v, block[1], block[2], environment, report)
	}
	text = webLink.ReplaceAllString(fence.ReplaceAllString(text, ""), "")
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		file, _, _ := strings.Cut(m[1], "#")
		if file != "" && !v.exists(path.Join(path.Dir(name), file)) {
			report("link to %s: there is no such file", m[1])
		}
	}
	for _, m := range placed.FindAllStringSubmatch(text, -1) {
		for _, test := range span.FindAllStringSubmatch(m[1], -1) {
			if !slices.Contains(v.tests[test[1]], m[2]) {
				report("%s: it is said to be in %s, and is in %q", test[1], m[2], v.tests[test[1]])
			}
		}
	}
	for _, m := range span.FindAllStringSubmatch(text, -1) {
		checkSpan(v, m[1], report)
	}
	prose := link.ReplaceAllString(text, "]")
	for _, m := range pathName.FindAllStringSubmatch(prose, -1) {
		if !v.exists(m[1]) {
			report("%s: there is no such file or package", m[1])
		}
	}
	for _, m := range fileName.FindAllStringSubmatch(span.ReplaceAllStringFunc(prose, withoutCommands), -1) {
		if !v.isFileName(m[1]) {
			report("%s: there is no file of this name", m[1])
		}
	}
	return problems
}

// withoutCommands drops a command line, whose files are the reader's own.
func withoutCommands(code string) string {
	if strings.Contains(code, " ") {
		return ""
	}
	return code
}

// checkBlock checks a fenced block in the language. The environment is what the
// document exports.
func checkBlock(v *inventory, language, text string, environment []string, report func(string, ...any)) {
	switch language {
	case "sh":
		for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
			for _, words := range commandsIn(line) {
				checkShell(v, words, report)
			}
		}
	case "yaml":
		if !strings.HasPrefix(text, "# citytally.yaml\n") {
			return
		}
		if problem := checkSettings(text, environment); problem != nil {
			report("%v", problem)
		}
	case "":
		for _, m := range inPicture.FindAllStringSubmatch(text, -1) {
			checkCommandLine(strings.Fields(m[1])[:1], false, report)
		}
	}
}

func checkSettings(text string, environment []string) error {
	file, err := os.CreateTemp("", "citytally-*.yaml")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if _, err := file.WriteString(text); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return configs.Check(file.Name(), environment)
}

var (
	testName   = regexp.MustCompile(`^(Test|Benchmark|Fuzz|Example)\w*$`)
	constant   = regexp.MustCompile(`^[A-Z][A-Z0-9]*_[A-Z0-9_]*$`)
	dotted     = regexp.MustCompile(`^[a-z_]+(\.[a-z_]+)+$`)
	identifier = regexp.MustCompile(`^([a-z]+)\.([A-Z]\w*)$`)
	routeName  = regexp.MustCompile(`^(?:GET |POST )?(/[a-z][\w/{}]*)$`)
	metricName = regexp.MustCompile(`^citytally_\w+$`)
)

// checkSpan checks a piece of code within a sentence, by the form that it has.
func checkSpan(v *inventory, code string, report func(string, ...any)) {
	first, _, _ := strings.Cut(code, " ")
	flag, _, _ := strings.Cut(strings.TrimLeft(first, "-"), "=")
	switch {
	case first == "citytally":
		checkCommandLine(commandsIn(code)[0][1:], false, report)
	case first == "go" || first == "bash":
		checkShell(v, commandsIn(code)[0], report)
	case strings.HasPrefix(code, "--"):
		if !anyCommandHas(newRoot(), flag) {
			report("%s: no command has this flag", code)
		}
	case strings.HasPrefix(code, "-"):
		checkGo(v, append([]string{"test"}, strings.Fields(code)...), report)
	case testName.MatchString(code):
		if len(v.tests[code]) == 0 {
			report("%s: there is no such test", code)
		}
	case constant.MatchString(code):
		if !v.isVariable(code) {
			report("%s: there is no such variable or code", code)
		}
	case dotted.MatchString(code) && v.settings[strings.Split(code, ".")[0]]:
		if !v.settings[code] {
			report("%s: there is no such setting", code)
		}
	case identifier.MatchString(code):
		m := identifier.FindStringSubmatch(code)
		if declared, ours := v.declared[m[1]]; ours && !declared[m[2]] {
			report("%s: package %s has no %s", code, m[1], m[2])
		}
	case metricName.MatchString(code):
		if table, err := docs.Page("metrics"); err != nil || !strings.Contains(table, "`"+code+"`") {
			report("%s: there is no such metric", code)
		}
	case routeName.MatchString(code):
		if route := routeName.FindStringSubmatch(code)[1]; !v.isRoute(route) {
			report("%s: nothing answers there", route)
		}
	}
}
