package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// compiled is a rule that is ready to be evaluated.
type compiled struct {
	rule    *Rule
	program program
	filter  filter
	needs   figureSet // the figures that the expression names
	last    figureSet // those of them that take the figures of all areas
	bounded bool      // the scope has areas or years
	seen    []int     // places of those that a finding tells
	let     []letValue
	zh, en  message
}

// letValue is a value of the messages alone.
type letValue struct {
	name     string
	program  program
	variable string // the name of the variable that it is; "" where it is computed
}

// variables are the types of the facts of a row, apart from its figures.
var variables = map[string]*cel.Type{
	"row": rowType, "series": cel.ListType(numberType), "shares": cel.ListType(numberType), "references": cel.ListType(numberType), "neighbours": cel.ListType(numberType), "reference_period": cel.StringType, "nearest_period": cel.StringType, "before_period": cel.StringType, "after_period": cel.StringType,
	"indicator": cel.StringType, "indicator_zh": cel.StringType, "indicator_en": cel.StringType, "unit": cel.StringType, "stated_unit": cel.StringType,
	"whole_share": numberType, "has_minimum": cel.BoolType, "has_maximum": cel.BoolType, "has_exits": cel.BoolType, "growth_at_constant_prices": cel.BoolType,
	"reference_in_cell": cel.BoolType, "reference_of_span": cel.BoolType,
	"reason": cel.StringType, "missing_zones": cel.StringType,
	"area": cel.StringType, "period": cel.StringType, "month": cel.IntType, "reference_years": cel.IntType, "note": cel.StringType, "stage": cel.StringType, "in_force_stage": cel.StringType,
	"other_indicator": cel.StringType, "other_zh": cel.StringType, "other_en": cel.StringType,
}

// compile compiles a rule's expressions. Mistakes begin with the path of their key.
func compile(r *Rule, path string, c *catalogue.Catalogue) (*compiled, error) {
	var errs problems
	env, err := newEnvironment(r, path, &errs)
	if err != nil {
		return nil, err
	}
	one := &compiled{rule: r, bounded: r.Scope.From != 0 || r.Scope.To != 0 || len(r.Scope.Areas) > 0}
	checked, program := compileOne(env, r.Expression, path+".expression", c, &errs)
	if checked == nil {
		return nil, errs.err()
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		errs.add(path+".expression", "want something that is true or false, got %s", checked.OutputType())
	}
	one.program, one.filter = program, newFilter(checked.NativeRep())
	named := namesIn(checked.NativeRep())
	for n, name := range figureNames {
		if slices.Contains(named, name) {
			switch {
			case n == ofOther: // asked for with each related indicator
			case n < ofCitySum:
				one.needs |= 1 << n
			default:
				one.last |= 1 << n
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Let)) {
		let, program := compileOne(env, r.Let[name], path+".let", c, &errs)
		if let == nil {
			continue
		}
		value := letValue{name: name, program: program}
		if e := let.NativeRep().Expr(); e.Kind() == ast.IdentKind {
			value.variable = e.AsIdent()
		}
		one.let = append(one.let, value)
		named = append(named, namesIn(let.NativeRep())...)
	}
	for _, text := range [...]struct{ key, words string }{{"message_zh", r.MessageZH}, {"message_en", r.MessageEN}} {
		if strings.TrimSpace(text.words) == "" {
			errs.add(path+"."+text.key, "want words")
		}
		for _, m := range placeholder.FindAllStringSubmatch(text.words, -1) {
			name := m[1]
			_, isLet := r.Let[name]
			_, isThreshold := r.Thresholds[name]
			_, isVariable := variables[name]
			if !isLet && !isThreshold && !isVariable && !slices.Contains(figureNames[:], name) {
				errs.add(path+"."+text.key, "there is nothing named {%s}", name)
			}
		}
	}
	one.zh, one.en = newChineseMessage(r.MessageZH), newMessage(r.MessageEN)
	for n, name := range figureNames {
		if slices.Contains(named, name) || slices.Contains(one.zh.names, name) || slices.Contains(one.en.names, name) {
			one.seen = append(one.seen, n)
		}
	}
	return one, errs.err()
}

// newEnvironment declares what the expressions of a rule may name.
func newEnvironment(r *Rule, path string, errs *problems) (*cel.Env, error) {
	var options []cel.EnvOption
	for name, t := range variables {
		if r.Relation != "" || !strings.HasPrefix(name, "other_") {
			options = append(options, cel.Variable(name, t))
		}
	}
	for n, name := range figureNames {
		if r.Relation != "" || n != ofOther {
			options = append(options, cel.Variable(name, numberType))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Thresholds)) {
		d, err := decimal.NewFromString(r.Thresholds[name])
		if err != nil {
			errs.add(path+".thresholds", "%s: want a decimal, got %q", name, r.Thresholds[name])
		}
		options = append(options, cel.Constant(name, numberType, number{d}))
	}
	env, err := cel.NewEnv(append(options, functions()...)...)
	if err != nil {
		return nil, fmt.Errorf("%s.thresholds: %w", path, err)
	}
	return env, nil
}

// compileOne checks an expression, and that indicators which it names exist.
func compileOne(env *cel.Env, text, path string, c *catalogue.Catalogue, errs *problems) (*cel.Ast, program) {
	checked, issues := env.Compile(text)
	if err := issues.Err(); err != nil {
		errs.add(path, "%s", strings.Join(strings.Fields(strings.SplitN(err.Error(), "\n", 2)[0]), " "))
		return nil, program{}
	}
	for _, id := range indicatorsIn(checked.NativeRep()) {
		if _, ok := c.Indicator(id); !ok {
			errs.add(path, "the catalogue has no indicator %q", id)
		}
	}
	made, err := newProgram(env, checked)
	if err != nil {
		errs.add(path, "%s", err)
		return nil, program{}
	}
	return checked, made
}

// namesIn returns the names of the variables in an expression.
func namesIn(a *ast.AST) (names []string) {
	for _, reference := range a.ReferenceMap() {
		if reference.Name != "" && reference.Value == nil {
			names = append(names, reference.Name)
		}
	}
	return names
}

// indicatorsIn returns the ids that are given to the functions of a row.
func indicatorsIn(a *ast.AST) (ids []string) {
	ast.PostOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		call := e.AsCall()
		if name := call.FunctionName(); name != "has_figure" && name != "figure" || len(call.Args()) == 0 {
			return
		}
		if id, ok := textOf(call.Args()[0]); ok {
			ids = append(ids, id)
		}
	}))
	return ids
}

// textOf returns the text of a literal.
func textOf(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	text, ok := e.AsLiteral().Value().(string)
	return text, ok
}

// comparisons are the operators that functions declares for numbers.
var comparisons = []string{operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals}
