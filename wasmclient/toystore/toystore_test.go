package toystore_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep"
	"lockstep/wasmclient/toystore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCheckName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Tux", "Penguin, large", "Käpt'n: Blau", strings.Repeat("x", toystore.MaxName)} {
		require.NoError(t, toystore.CheckName(name), name)
	}
	for name, says := range map[string]string{
		"": "empty", strings.Repeat("x", toystore.MaxName+1): "at most 100 bytes", "\xff": "UTF-8", "Tux\nBuy: Tux": "line break",
		"Tux\r": "line break", "a\u2028b": "line break", " Tux": "space", "Tux ": "space",
	} {
		require.ErrorContains(t, toystore.CheckName(name), says, "%q", name)
	}
}

func TestCheckPurchase(t *testing.T) {
	t.Parallel()
	require.NoError(t, toystore.Purchase{Toy: "Tux", Quantity: toystore.MaxQuantity, Key: strings.Repeat("k", toystore.MaxKey)}.Check())
	for says, p := range map[string]toystore.Purchase{
		"quantity must be": {Toy: "Tux"}, "not 1000001": {Toy: "Tux", Quantity: toystore.MaxQuantity + 1}, "empty": {Quantity: 1},
		"at most 255": {Toy: "Tux", Quantity: 1, Key: strings.Repeat("k", toystore.MaxKey+1)}, "idempotency key": {Toy: "Tux", Quantity: 1, Key: "a\nb"},
	} {
		require.ErrorContains(t, p.Check(), says)
	}
}

func TestPrices(t *testing.T) {
	t.Parallel()
	for text, cents := range map[string]int64{"25.99": 2599, "25": 2500, "0.01": 1, "10000000000.00": toystore.MaxPrice} {
		got, err := toystore.ParsePrice(text)
		require.NoError(t, err, text)
		require.Equal(t, cents, got, text)
		again, err := toystore.ParsePrice(toystore.FormatPrice(got))
		require.NoError(t, err, text)
		require.Equal(t, cents, again, text)
	}
	require.Equal(t, "0.05", toystore.FormatPrice(5))
	for _, text := range []string{"", "0", "0.00", "-1", "1.5", "1,50", "1e3", "25.99 ", "10000000000.01", "99999999999999"} {
		_, err := toystore.ParsePrice(text)
		require.Error(t, err, text)
	}
}

func TestTheBundlesCatalogue(t *testing.T) {
	t.Parallel()
	toys, err := toystore.ParseCatalogue(lockstep.Toys)
	require.NoError(t, err)
	require.Contains(t, toys, toystore.Toy{Name: "Tux", Price: 2599, Stock: 100})
}

func TestParseCatalogue(t *testing.T) {
	t.Parallel()
	for says, text := range map[string]string{
		"catalogue":       `{}`,
		`"1.5"`:           `[{"name": "Tux", "price": "1.5", "stock": 1}]`,
		`"Tux" has no st`: `[{"name": "Tux", "price": "1.50"}]`,
		"not -1":          `[{"name": "Tux", "price": "1.50", "stock": -1}]`,
		"2^53-1":          `[{"name": "Tux", "price": "1.50", "stock": 9007199254740992}]`,
		"empty":           `[{"price": "1.50", "stock": 1}]`,
		"twice":           `[{"name": "Tux", "price": "1.50", "stock": 1}, {"name": "Tux", "price": "1.50", "stock": 2}]`,
	} {
		_, err := toystore.ParseCatalogue([]byte(text))
		require.ErrorContains(t, err, says, text)
	}
}

func TestWhatIsUntoldIsNotInJSON(t *testing.T) {
	t.Parallel()
	for want, toy := range map[string]toystore.Toy{
		`{"name": "Tux", "price": "25.99"}`:             {Name: "Tux", Price: 2599, Stock: toystore.Untold},
		`{"name": "Tux", "stock": 0}`:                   {Name: "Tux", Price: toystore.Untold},
		`{"name": "Tux", "price": "0.07", "stock": 12}`: {Name: "Tux", Price: 7, Stock: 12},
	} {
		text, err := json.Marshal(toy)
		require.NoError(t, err)
		require.JSONEq(t, want, string(text))
	}
}
