package load

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

const (
	city      = "900000"
	programme = "measured"
	money     = "万元"
	counted   = "家"
	// Ratios in each dataset, of the figures 0 and 1, 2 and 3, and so on: the first of the
	// two is a part of the second.
	ratios = 5
	// Figures in each dataset that are counted, which are the last ones.
	countedFigures = 10
)

// wholeOf returns the figure that the i-th figure of a dataset is a part of.
func wholeOf(i int) (whole int, ok bool) { return i + 1, i < 2*ratios && i%2 == 0 }

// unitOf returns the unit of the i-th figure of a dataset.
func unitOf(i int) string {
	if i >= Figures-countedFigures {
		return counted
	}
	return money
}

type entry map[string]any

// Catalogue returns the catalogue file under which the submissions are valid.
func Catalogue() ([]byte, error) {
	areas := []entry{{"code": city, "name_zh": "测试市", "name_en": "Measured City", "kind": "city"}}
	for i := range Areas {
		areas = append(areas, entry{"code": Area(i), "name_zh": fmt.Sprintf("测试区 %d", i+1), "name_en": fmt.Sprintf("Measured District %d", i+1), "kind": "district"})
	}
	var datasets, indicators []entry
	for d := range Datasets {
		id := Dataset(d)
		datasets = append(datasets, entry{"id": id, "name_zh": id, "name_en": id, "periods": []string{"year", "month"}, "stage": "final", "due_days": 15})
		for i := range Figures {
			id := Indicator(d, i)
			figure := entry{
				"id": id, "name_zh": id, "name_en": id, "programme": programme, "unit": unitOf(i), "kind": "flow", "city_total": "sum",
				"change": "percent", "decimals": 2, "change_decimals": 2, "minimum": 0, "datasets": []string{Dataset(d)},
			}
			if whole, ok := wholeOf(i); ok {
				figure["at_most"] = []string{Indicator(d, whole)}
			}
			indicators = append(indicators, figure)
		}
		for i := range ratios {
			id := fmt.Sprintf("d%02d_ratio_%02d", d+1, i+1)
			indicators = append(indicators, entry{
				"id": id, "name_zh": id, "name_en": id, "programme": programme, "unit": "%", "kind": "ratio", "city_total": "ratio",
				"numerator": Indicator(d, 2*i), "denominator": Indicator(d, 2*i+1), "change": "point", "decimals": 2, "change_decimals": 2,
			})
		}
	}
	text, err := yaml.Marshal(entry{
		"city": city, "programmes": []entry{{"id": programme, "name_zh": "测试", "name_en": "measured"}},
		"areas": areas, "datasets": datasets, "indicators": indicators,
	})
	if err != nil {
		return nil, fmt.Errorf("encode catalogue: %w", err)
	}
	return text, nil
}
