package rules

import (
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
)

// maxCost bounds what an expression may do for one row, in the units of CEL, of which a
// comparison is about one.
const maxCost = 10_000

// program is an expression that can be evaluated.
type program struct {
	cel.Program
	// bounded is true where the expression was found to stay below maxCost when it was
	// loaded. Of the others the cost is counted at every evaluation, which is stopped there.
	bounded bool
}

func newProgram(env *cel.Env, checked *cel.Ast) (made program, err error) {
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	estimate, err := env.EstimateCost(checked, sizes{})
	if made.bounded = err == nil && estimate.Max <= maxCost; !made.bounded {
		options = append(options, cel.CostLimit(maxCost))
	}
	made.Program, err = env.Program(checked, options...)
	return made, err
}

// longest is how many elements the lists have at most that expressions name, and how many
// bytes the texts.
var longest = map[string]uint64{"series": seriesLength, "references": 1, "neighbours": 2, "reference_period": 16, "nearest_period": 16, "before_period": 16, "after_period": 16, "stated_unit": 255, "shares": shareYears, "reason": 4 << 10, "missing_zones": 4 << 10, "note": 4 << 10, "stage": 16, "in_force_stage": 16, "period": 16}

// sizes tells how long what an expression names can be.
type sizes struct{}

var _ checker.CostEstimator = sizes{}

// EstimateSize returns the bounds of a number or a variable; nil where it has none.
func (sizes) EstimateSize(node checker.AstNode) *checker.SizeEstimate {
	if node.Type().IsExactType(numberType) {
		return &checker.SizeEstimate{Min: 1, Max: 1}
	}
	if path := node.Path(); len(path) == 1 {
		if most, ok := longest[path[0]]; ok {
			return &checker.SizeEstimate{Max: most}
		}
	}
	return nil
}

// EstimateCallCost returns nil: calls cost what CEL takes them to.
func (sizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}
