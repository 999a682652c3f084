package configs

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
)

//go:embed catalogue.yaml
var defaultCatalogue []byte

// DefaultCatalogue returns the text of the built-in catalogue, that of 淮安.
func DefaultCatalogue() []byte { return slices.Clone(defaultCatalogue) }

// LoadCatalogue reads the catalogue that the settings name, or the built-in one.
func (s *Settings) LoadCatalogue() (*catalogue.Catalogue, error) {
	if s.Catalogue != "" {
		return catalogue.Load(s.Catalogue)
	}
	c, err := catalogue.Parse(defaultCatalogue)
	if err != nil {
		return nil, fmt.Errorf("read built-in catalogue: %w", err)
	}
	return c, nil
}
