package sam_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
	"lockstep/functions/shop/dynamo"
	"lockstep/shared/operation"
)

func shopInMemory() ground {
	store := shop.NewMemory()
	service := &shop.Service{Store: store}
	return shopOn(store, dynamo.Operations(service, takesAll{}))
}

func shopOnDynamoDB(client *dynamodb.Client) ground {
	store := dynamo.New(client, dynamo.LogicalTables(), dynamo.DefaultShop)
	return shopOn(store, dynamo.Operations(&shop.Service{Store: store}, takesAll{}))
}

// takesAll is a bus that takes every event.
type takesAll struct{}

func (takesAll) Publish(context.Context, []shop.OrderCreated) (map[int]error, error) { return nil, nil }

// sold is what events leave behind: products, and the lines of orders.
type sold struct {
	Products []shop.Product
	Orders   [][]shop.Line
}

// before the event there are two products, one with a name that only it has, and one
// order.
func beforeSale() sold {
	return sold{
		Products: []shop.Product{
			{ID: "tux", Title: "Tux", Capacity: 101, Speed: 5, Stock: 12}, {ID: "whale", Title: "Whale", Capacity: 80, Speed: 75},
		},
		Orders: [][]shop.Line{{{Product: "tux", Price: 10000099, Quantity: 3}}},
	}
}

// orderWord stands in an event for the id of the order.
const orderWord = "241523789824001"

func shopOn(store shop.Store, operations []operation.Operation) ground {
	var order int64
	return ground{
		operations: operations,
		words:      func() map[string]string { return map[string]string{orderWord: strconv.FormatInt(order, 10)} },
		fill: func(t *testing.T) {
			t.Helper()
			begin := beforeSale()
			for _, p := range begin.Products {
				if p.ID == "tux" {
					p.Stock += 3 // which the order takes
				}
				require.NoError(t, store.PutProduct(t.Context(), p))
			}
			var err error
			order, err = store.CreateOrder(t.Context(), begin.Orders[0], "")
			require.NoError(t, err)
		},
		look:   func(t *testing.T) any { t.Helper(); return lookAtShop(t, store) },
		before: func() any { return beforeSale() },
		after: func(name string) any {
			s := beforeSale()
			switch name {
			case "create-product":
				s.Products = append([]shop.Product{{ID: "heron", Title: "Heron", Capacity: 4, Speed: 90, Stock: 3}}, s.Products...)
			case "delete-product":
				s.Products = s.Products[:1]
			case "create-order":
				s.Products[0].Stock -= 2
				s.Orders = append(s.Orders, []shop.Line{{Product: "tux", Price: 10000099, Quantity: 2}})
			}
			return s
		},
	}
}

func lookAtShop(t *testing.T, store shop.Store) (s sold) {
	t.Helper()
	for p, err := range store.Products(t.Context(), "", 10) {
		require.NoError(t, err)
		s.Products = append(s.Products, p)
	}
	for o, err := range store.Orders(t.Context(), 0, 10) {
		require.NoError(t, err)
		s.Orders = append(s.Orders, o.Lines)
	}
	return s
}
