//! The tools of the server: files in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    handler::server::{
        tool::{ToolCallContext, ToolRouter},
        wrapper::Parameters,
    },
    model::{
        CallToolRequestParams, CallToolResponse, Implementation, ServerCapabilities, ServerConfig,
    },
    schemars::{self, JsonSchema},
    service::RequestContext,
    tool, tool_handler, tool_router,
};
use serde::Deserialize;
use tokenring::Verified;

use crate::protection::Protection;

/// The scope of every request.
pub const READ: &str = "files:read";
/// The further scope of `write_file`. It includes [`READ`].
pub const WRITE: &str = "files:write";

/// The further scope that a tool needs.
pub fn scope_of(tool: &str) -> Option<&'static str> {
    match tool {
        "write_file" => Some(WRITE),
        _ => None,
    }
}

/// The MCP server.
#[derive(Clone)]
pub struct Files {
    protection: Protection,
    texts: Arc<Mutex<BTreeMap<String, String>>>,
    tools: ToolRouter<Self>,
}

/// The parameters of `write_file`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct WriteFile {
    name: String,
    text: String,
}

#[tool_router]
impl Files {
    pub fn new(protection: Protection) -> Self {
        Self { protection, texts: Arc::default(), tools: Self::tool_router() }
    }

    #[tool(description = "Lists the names of the files")]
    fn list_files(&self) -> String {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.keys().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    #[tool(description = "Writes a file")]
    fn write_file(&self, Parameters(WriteFile { name, text }): Parameters<WriteFile>) -> String {
        let written = format!("wrote {name}");
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).insert(name, text);
        written
    }
}

#[tool_handler(router = self.tools)]
impl ServerHandler for Files {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("files", env!("CARGO_PKG_VERSION")))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        // The name that was read, whatever else the message says.
        let caller = context.extensions.get::<Parts>().and_then(|parts| parts.extensions.get());
        let caller: &Verified =
            caller.ok_or_else(|| ErrorData::internal_error("the caller is unknown", None))?;
        self.protection
            .check_tools(caller, [&*request.name])
            .map_err(|rejection| ErrorData::invalid_request(rejection.message(), None))?;
        self.tools.call(ToolCallContext::new(self, request, context)).await
    }
}
