package sample

import (
	"fmt"
	"strconv"

	"github.com/shopspring/decimal"
)

// monthlyYear is the year with monthly figures.
const monthlyYear = 2021

// generateMonths returns the rows of each area for every month of a year, year to date: the
// share in months.csv of the annual figure, rounded down, so that no month is below the one
// before.
func generateMonths(year int, figures, weights, months []map[string]string) (map[string][][]string, error) {
	y := strconv.Itoa(year)
	shares, err := column(months, "permille")
	if err != nil {
		return nil, fmt.Errorf("months: %w", err)
	}
	rows := map[string][][]string{}
	for i, month := range months {
		for _, figure := range figures {
			if figure["monthly"] != "yes" {
				continue
			}
			total, places, err := wholeUnits(figure["value_"+y], figure["places"])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", figure["indicator"], err)
			}
			areaWeights, err := column(weights, figure["weights"]+"_"+y)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", figure["indicator"], err)
			}
			for j, annual := range split(total, areaWeights) {
				area := weights[j]["area"]
				rows[area] = append(rows[area], []string{
					figure["indicator"], fmt.Sprintf("%s-YTD%s", y, month["month"]), decimal.New(annual*shares[i]/1000, -places).String(),
					figure["unit"], "flash", "A", "", "合成样例 synthetic sample",
				})
			}
		}
	}
	return rows, nil
}
