package shop

import (
	"time"

	"lockstep/shared/operation"
)

// An export takes as long as it takes, up to what a Lambda function may; each one holds
// a batch of orders.
const (
	exportTimeout = 14 * time.Minute
	maxExports    = 100
)

// Operations is the service's route table.
func (s *Service) Operations() []operation.Operation {
	named, large := operation.NamedErrors(), operation.MaxBody(MaxBody)
	return []operation.Operation{
		operation.New("create-product", "POST /products", s.createProduct, named, large),
		operation.New("product", "GET /products/{id}", s.product, named),
		operation.New("delete-product", "DELETE /products/{id}", s.deleteProduct, named),
		operation.New("products", "GET /products", s.products, named),
		operation.New("create-order", "POST /orders", s.createOrder, named, large, operation.Also("POST /orders/")),
		operation.New("order", "GET /orders/{id}", s.order, named),
		operation.New("orders", "GET /orders", s.orders, named, operation.Also("GET /orders/")),
		operation.NewStream("export", "GET /orders/export", s.export, named,
			operation.Timeout(exportTimeout), operation.Concurrency(maxExports)),
		operation.New("health", "GET /health", s.health, named),
		operation.NewRaw("openapi", "GET /openapi.yaml", s.openAPI, named),
	}
}
