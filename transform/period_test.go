package transform

import "github.com/citytally/citytally/configs/catalogue"

func mustPeriod(text string) catalogue.Period {
	p, err := catalogue.ParsePeriod(text)
	if err != nil {
		panic(err)
	}
	return p
}
