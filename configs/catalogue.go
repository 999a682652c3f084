package configs

import (
	_ "embed"
	"fmt"

	"github.com/citytally/citytally/configs/catalogue"
)

// The built-in catalogue, that of 淮安.
//
//go:embed catalogue.yaml
var defaultCatalogue []byte

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
