package configs

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/citytally/citytally/configs/strict"
)

const masked = "********"

// Show writes the settings as the YAML that [Load] reads, with every secret
// masked.
func Show(settings *Settings, w io.Writer) error {
	root, err := strict.Encode(settings, masked, Mask)
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return encoder.Close()
}

var secretArgument = regexp.MustCompile(`([?&](?:password|token|secret|http_proxy)=)[^&\s]*`)

// Mask hides the credentials of every address in the text: what is between :// and the last
// @ before the next address, and query parameters such as password.
func Mask(text string) string {
	parts := strings.Split(text, "://")
	for i := range parts[1:] {
		if at := strings.LastIndexByte(parts[i+1], '@'); at >= 0 {
			parts[i+1] = masked + parts[i+1][at:]
		}
	}
	return secretArgument.ReplaceAllString(strings.Join(parts, "://"), "${1}"+masked)
}
