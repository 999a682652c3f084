package configs

import (
	_ "embed"
	"fmt"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/rules"
)

// The built-in rules.
//
//go:embed rules.yaml
var defaultRules []byte

// NoRules is the value of the setting rules that judges by the catalogue alone.
const NoRules = "none"

// LoadRules reads the rules that the settings name, or the built-in ones, and compiles them
// for the catalogue. They are nil where the settings want none.
func (s *Settings) LoadRules(c *catalogue.Catalogue) (*rules.Set, error) {
	switch s.Rules {
	case NoRules:
		return nil, nil
	case "":
		set, err := rules.Parse("built-in rules", defaultRules, c)
		if err != nil {
			return nil, fmt.Errorf("compile the built-in rules: %w", err)
		}
		return set, nil
	}
	return rules.Load(s.Rules, c)
}
